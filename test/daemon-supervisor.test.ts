import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../src/contract/clock.js';
import type { EnvironmentSource } from '../src/contract/environment.js';
import { StigmerError } from '../src/contract/errors.js';
import { type ComposeOptions, composeSupervisor } from '../src/daemon/compose.js';
import type { ComponentStatus, StartProgress } from '../src/daemon/control.js';
import { readSupervisorSettings } from '../src/daemon/env.js';
import { homeAt } from '../src/daemon/home.js';
import { identify } from '../src/daemon/supervision/process-identity.js';
import { freePort } from '../src/daemon/supervision/ports.js';
import type { Supervisor } from '../src/daemon/supervisor.js';
import { standIns } from './support/stand-ins.js';
import { temporalBinary } from './support/temporal.js';

/** The first call of all may fetch the Temporal CLI. */
const FETCH_MS = 300_000;
const ALL = ['temporal', 'server', 'worker', 'demo-model', 'agent-runner-1', 'agent-runner-2'];

let folder: string;
let supervisor: Supervisor | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stigmer-daemon-'));
}, FETCH_MS);

afterEach(async () => {
  await supervisor?.stop(true);
  supervisor = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function compose(changes: EnvironmentSource = {}, options: Partial<ComposeOptions> = {}): Promise<Supervisor> {
  const env: EnvironmentSource = {
    PATH: process.env['PATH'],
    STIGMER_HOME: join(folder, 'home'),
    STIGMER_GRPC_PORT: String(await freePort('127.0.0.1')),
    STIGMER_HTTP_PORT: String(await freePort('127.0.0.1')),
    STIGMER_TEMPORAL_PORT: String(await freePort('127.0.0.1')),
    STIGMER_TEMPORAL_BIN: await temporalBinary(),
    OLLAMA_BASE_URL: 'http://127.0.0.1:1',
    STIGMER_DEMO_MODEL: '1',
    STIGMER_AGENT_RUNNERS: '2',
    STIGMER_RUNNER_MODE: 'process',
    ...changes,
  };
  supervisor = await composeSupervisor({ settings: readSupervisorSettings(env), env, clock: systemClock, random: () => 0, programs: await standIns(folder), ...options });
  return supervisor;
}

async function component(name: string): Promise<ComponentStatus> {
  const { components } = await supervisor!.status();
  return components.find((one) => one.name === name)!;
}

/** Resolves when `name` is in this state again, after a change. */
function reached(name: string, state: ComponentStatus['state']): Promise<ComponentStatus> {
  return new Promise((resolve) => {
    const end = supervisor!.onProgress((progress: StartProgress) => {
      if (progress.type !== 'component' || progress.component.name !== name || progress.component.state !== state) return;
      end();
      resolve(progress.component);
    });
  });
}

async function failure(start: Promise<void>): Promise<StigmerError> {
  return start.then(
    () => expect.fail('it started'),
    (error: unknown) => StigmerError.from(error),
  );
}

describe('a supervisor', { timeout: 120_000 }, () => {
  it('starts everything, and is ready when each has proven itself', async () => {
    await compose();
    await supervisor!.start();
    const { components, diskBytes } = await supervisor!.status();
    expect(components.map(({ name, state }) => `${name} ${state}`)).toEqual(ALL.map((name) => `${name} ready`));
    for (const { name, pid, memoryBytes } of components) expect({ name, pid, memoryBytes }).toEqual({ name, pid: expect.any(Number) as number, memoryBytes: expect.any(Number) as number });
    expect(diskBytes).toBeGreaterThan(0);
  });

  it('starts again what is killed, each alone', async () => {
    await compose();
    await supervisor!.start();
    for (const name of ALL) {
      const { pid } = await component(name);
      const again = reached(name, 'ready');
      process.kill(pid!, 'SIGKILL');
      expect((await again).pid).not.toBe(pid);
      expect(await component(name)).toMatchObject({ state: 'ready', restarts: 1, lastError: expect.stringContaining('SIGKILL') as string });
    }
  });

  it('leaves nothing behind when it stops', async () => {
    await compose();
    await supervisor!.start();
    const pids = (await supervisor!.status()).components.map(({ pid }) => pid!);
    await supervisor!.stop();
    for (const pid of pids) expect(await identify(pid)).toBeUndefined();
    expect((await supervisor!.status()).components.map(({ state }) => state)).toEqual(ALL.map(() => 'stopped'));
  });

  it('starts only what it is asked for, by name or by kind, and the rest later', async () => {
    await compose({ STIGMER_DEMO_MODEL: '0' });
    await supervisor!.start(['server', 'agent-runner']);
    const states = async () => Object.fromEntries((await supervisor!.status()).components.map(({ name, state }) => [name, state]));
    expect(await states()).toEqual({ temporal: 'stopped', server: 'ready', worker: 'stopped', 'agent-runner-1': 'ready', 'agent-runner-2': 'ready' });
    const { pid } = await component('server');
    await supervisor!.start();
    expect(new Set(Object.values(await states()))).toEqual(new Set(['ready']));
    expect((await component('server')).pid).toBe(pid);
    expect((await failure(supervisor!.start(['sever']))).message).toMatch(/^only: there is no component 'sever'; there are temporal, server, worker, agent-runner/);
  });

  it('watches a Temporal cluster of its own user, and leaves it running', async () => {
    const other = await compose({ STIGMER_DEMO_MODEL: '0' });
    await other.start(['temporal']);
    const { address, pid } = await component('temporal');
    const cluster = await compose({ TEMPORAL_SERVICE_ADDRESS: address, STIGMER_HOME: join(folder, 'second') });
    await cluster.start(['temporal']);
    expect(await component('temporal')).toMatchObject({ state: 'ready', address });
    await cluster.stop();
    expect(await identify(pid!)).toBeDefined();
    supervisor = other;
  });

  it('says who has a port that it needs, and which flag moves it, before it starts anything', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    await compose({ STIGMER_HTTP_PORT: String(port) });
    const { message } = await failure(supervisor!.start());
    squatter.close();
    expect(message).toMatch(new RegExp(`^server cannot start: port ${port} is taken by .*; choose another with --http-port$`));
    expect((await supervisor!.status()).components.map(({ state }) => state)).toEqual(ALL.map(() => 'stopped'));
  });

  it.runIf(process.platform === 'linux')('keeps keys of the model provider from everyone but the runners, and from every command line', async () => {
    await compose({ ANTHROPIC_API_KEY: 'sk-ant-very-secret', STIGMER_DEMO_MODEL: '0' });
    await supervisor!.start();
    for (const { name, pid } of (await supervisor!.status()).components) {
      const [environ, argv] = await Promise.all([readFile(`/proc/${pid}/environ`, 'utf8'), readFile(`/proc/${pid}/cmdline`, 'utf8')]);
      expect({ name, has: environ.includes('sk-ant-very-secret') }).toEqual({ name, has: name.startsWith('agent-runner') });
      expect(argv).not.toContain('secret');
    }
    const logs = homeAt(join(folder, 'home')).logs;
    for (const file of await readdir(logs)) expect(await readFile(join(logs, file), 'utf8')).not.toContain('very-secret');
  });
});

describe('a runner that cannot reach the server', { timeout: 120_000 }, () => {
  it('for its address came by a name that it does not read: the start fails, naming component, address and variable', async () => {
    const url = 'http://127.0.0.1:7234';
    await compose({}, { environmentOverrides: { 'agent-runner-1': { STIGMER_BACKEND_ENDPOINT: undefined, STIGMER_BACKEND_URL: url } } });
    const { message } = await failure(supervisor!.start());
    expect(message).toContain('agent-runner-1 did not start: it exited with code 2');
    expect(message).toContain('STIGMER_BACKEND_ENDPOINT is not set');
    expect(message).toContain(`agent-runner-1 was given no STIGMER_BACKEND_ENDPOINT and TEMPORAL_SERVICE_ADDRESS=`);
    expect(message).toContain(`STIGMER_BACKEND_URL=${url}, which it does not read`);
  });

  it('for its address is wrong: it never holds a lease, and the start fails, naming component, address and variable', async () => {
    const nowhere = `127.0.0.1:${await freePort('127.0.0.1')}`;
    await compose({}, { environmentOverrides: { 'agent-runner-1': { STIGMER_BACKEND_ENDPOINT: nowhere } }, timings: { startTimeoutMs: 6_000 } });
    const { message } = await failure(supervisor!.start());
    expect(message).toMatch(/agent-runner-1 did not start: it runs \(pid \d+\) but was not ready within 6 s: the server at .* has given no lease to agent-runner-1/);
    expect(message).toContain(`agent-runner-1 was given STIGMER_BACKEND_ENDPOINT=${nowhere}`);
  });
});
