import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../src/contract/clock.js';
import { unauthenticated } from '../src/contract/errors.js';
import { AgentExecutionSchema } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { Phase } from '../src/contract/phases.js';
import { packageVersion } from '../src/contract/version.js';
import { connectTemporal, type TemporalClient } from '../src/workflows/client.js';
import { startStatusServer, type StatusServer } from './support/status-server.js';
import { startTemporal, type TestTemporal } from './support/temporal.js';
import { ProgramProcess } from './support/program-process.js';

const PROGRAM = resolve(import.meta.dirname, '../dist/workflows/worker/main.js');
const GUARD = { timeout: 20_000, interval: 20 };

let temporal: TestTemporal;
let client: TemporalClient;
let server: StatusServer;
let folder: string;
let worker: ProgramProcess | undefined;

beforeAll(async () => {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: npm run build`);
  temporal = await startTemporal();
  client = connectTemporal({ address: temporal.address, namespace: 'default', clock: systemClock });
}, 60_000);

afterAll(async () => {
  await client.close();
  await temporal.stop();
});

beforeEach(async () => {
  server = await startStatusServer();
  folder = mkdtempSync(join(tmpdir(), 'stigmer-worker-'));
});

afterEach(async () => {
  worker?.process.kill('SIGKILL');
  await worker?.ended;
  worker = undefined;
  await server.down();
  rmSync(folder, { recursive: true });
});

function start(env: Record<string, string | undefined> = {}): ProgramProcess {
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'worker-token\n');
  const all = { STIGMER_BACKEND_ENDPOINT: server.address, STIGMER_TOKEN_FILE: tokenFile, TEMPORAL_SERVICE_ADDRESS: temporal.address, STIGMER_EXIT_WITH_STDIN: '1', ...env };
  worker = new ProgramProcess(PROGRAM, Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined)));
  return worker;
}

async function startRun(id: string): Promise<void> {
  const execution = create(AgentExecutionSchema, { metadata: { id }, spec: { sessionId: 'ses-1', message: 'Hello' } });
  expect(await client.startAgentExecution(execution, { scheduleToStartMs: 500 })).toEqual({ outcome: 'started' });
}

describe('the worker', () => {
  it('gets a lease, then polls, and hands the end of a run to the server with its token', async () => {
    const { lines } = start();
    await worker?.said('polling');
    expect(lines.map(({ msg }) => msg)).toEqual(['lease held', 'polling']);
    expect(lines[0]).toMatchObject({ level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), endpoint: server.address });
    expect(server.introductions).toMatchObject([
      { name: 'worker', component: 'worker', version: packageVersion(), taskQueues: ['agent_execution_stigmer', 'workflow_execution_stigmer'], endpoint: server.address, pid: worker?.process.pid },
    ]);
    await startRun('aex-worker-1');
    const { status, authorization } = await server.next('aex-worker-1');
    expect(status).toMatchObject({ phase: Phase.FAILED, error: expect.stringContaining('No agent-runner took this run') });
    expect(authorization).toBe('Bearer worker-token');
    expect(worker?.errors).toBe('');
  });

  it('does not poll without a lease, says which address it tries, and gets on when the server comes', async () => {
    await server.down();
    const { lines } = start();
    const line = await worker?.said('no lease');
    expect(line).toMatchObject({ level: 'warn', endpoint: server.address, msg: expect.stringContaining(server.address) });
    expect(lines.some(({ msg }) => msg === 'polling')).toBe(false);
    await server.up();
    await worker?.said('polling');
  });

  it('asks for a lease again when it was lost, and goes on polling meanwhile', async () => {
    start();
    await worker?.said('polling');
    await server.down();
    await worker?.said('no lease');
    await startRun('aex-worker-2');
    await server.up();
    expect((await server.next('aex-worker-2')).status.phase).toBe(Phase.FAILED);
    await expect.poll(() => server.introductions.length, GUARD).toBe(2);
  });

  it('waits for Temporal, says where, and gets on when it comes', async () => {
    const later = await startTemporal();
    await later.kill9();
    start({ TEMPORAL_SERVICE_ADDRESS: later.address });
    expect(await worker?.said('does not answer')).toMatchObject({ level: 'warn', address: later.address });
    await later.restart();
    await worker?.said('polling');
    worker?.process.kill('SIGTERM');
    await worker?.ended;
    await later.stop();
  });

  it('survives a Temporal that is killed and comes back', async () => {
    start();
    await worker?.said('polling');
    await temporal.kill9();
    await temporal.restart();
    await expect.poll(() => client.health().then(() => 'up', () => 'down'), GUARD).toBe('up');
    await startRun('aex-worker-3');
    expect((await server.next('aex-worker-3')).status.phase).toBe(Phase.FAILED);
    expect(worker?.process.exitCode).toBeNull();
  });

  it('ends when the server refuses it, with the reason', async () => {
    server.admit = () => unauthenticated('this token is not known');
    const { process: child, lines, ended } = start();
    await ended;
    expect(child.exitCode).toBe(1);
    expect(lines.at(-1)).toMatchObject({ level: 'fatal', msg: expect.stringContaining('this token is not known') });
  });

  it.each([
    { name: 'SIGTERM', stop: (child: ChildProcess) => child.kill('SIGTERM') },
    { name: 'SIGINT', stop: (child: ChildProcess) => child.kill('SIGINT') },
    { name: 'the end of its standard input', stop: (child: ChildProcess) => child.stdin?.end() },
  ])('ends in order at $name', async ({ stop }) => {
    const { process: child, ended } = start();
    await worker?.said('polling');
    stop(child);
    await ended;
    expect({ code: child.exitCode, signal: child.signalCode }).toEqual({ code: 0, signal: null });
    expect(worker?.lines.at(-1)).toMatchObject({ msg: 'stopped' });
  });

  it('ends in order while Temporal is gone', async () => {
    const { process: child, ended } = start();
    await worker?.said('polling');
    await temporal.kill9();
    child.kill('SIGTERM');
    await ended;
    await temporal.restart();
    expect({ code: child.exitCode, signal: child.signalCode }).toEqual({ code: 0, signal: null });
  });

  it('ends in order while it still waits for a lease', async () => {
    await server.down();
    const { process: child, ended } = start();
    await worker?.said('no lease');
    child.kill('SIGTERM');
    await ended;
    expect(child.exitCode).toBe(0);
  });

  it.each([
    { name: 'the address of the server', env: { STIGMER_BACKEND_ENDPOINT: undefined }, says: 'STIGMER_BACKEND_ENDPOINT is not set' },
    { name: 'it under its right name', env: { STIGMER_BACKEND_ENDPOINT: undefined, STIGMER_BACKEND_URL: 'http://localhost:7234' }, says: 'use STIGMER_BACKEND_ENDPOINT' },
    { name: 'an address without a scheme', env: { STIGMER_BACKEND_ENDPOINT: 'http://localhost:7234' }, says: 'without a scheme' },
    { name: 'the address of Temporal', env: { TEMPORAL_SERVICE_ADDRESS: undefined }, says: 'TEMPORAL_SERVICE_ADDRESS is not set' },
  ])('does not start without $name', async ({ env, says }) => {
    const { process: child, ended } = start(env);
    await ended;
    expect(child.exitCode).toBe(2);
    expect(worker?.errors).toContain(says);
  });

  it('does not start with a bundle of another version', async () => {
    const bundle = join(folder, 'workflow-bundle.js');
    writeFileSync(bundle, readFileSync(resolve(PROGRAM, '../../workflow-bundle.js'), 'utf8').replace(packageVersion(), '0.0.1'));
    const { process: child, ended, lines } = start({ STIGMER_WORKER_BUNDLE: bundle });
    await ended;
    expect(child.exitCode).toBe(1);
    expect(lines.at(-1)).toMatchObject({ msg: expect.stringContaining('was built for version 0.0.1') });
    expect(server.introductions).toEqual([]);
  });
});
