import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { type Client, status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../src/contract/clock.js';
import { AgentCommandController } from '../src/contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { AgentMessageSchema } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { AgentExecutionQueryController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { ApiResourceOwnerScope } from '../src/contract/gen/ai/stigmer/commons/apiresource/enum_pb.js';
import { ExecutionStream, ReportRequestSchema, type ReportResponse, type WatchResponse } from '../src/contract/gen/stigmer/stream/v1/stream_pb.js';
import { connectTemporal } from '../src/workflows/client.js';
import type { ProgramProcess } from './support/program-process.js';
import { bidi, codeOf, serverStream, unary, until } from './support/rpc.js';
import { collect } from './support/server.js';
import { bundleServer, clientOf, portsOf, type ServerProgram, userToken } from './support/server-process.js';
import { startTemporal } from './support/temporal.js';

let program: ServerProgram;
let stateDir: string;
const servers: ProgramProcess[] = [];
const clients: Client[] = [];

beforeAll(() => {
  program = bundleServer();
});
afterAll(() => program.remove());
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'stigmer-process-'));
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const server of servers.splice(0)) {
    server.process.kill('SIGKILL');
    await server.ended;
  }
  rmSync(stateDir, { recursive: true, force: true });
});

function start(env: Readonly<Record<string, string>> = {}): ProgramProcess {
  const server = program.start({ STIGMER_STATE_DIR: stateDir, ...env });
  servers.push(server);
  return server;
}

async function connect(server: ProgramProcess): Promise<Client> {
  const client = clientOf(await portsOf(server));
  clients.push(client);
  return client;
}

/** A pending execution, accepted though Temporal is down. */
async function queuedExecution(client: Client): Promise<string> {
  const agent = await unary(client, AgentCommandController.method.create, {
    apiVersion: 'agentic.stigmer.ai/v1',
    kind: 'Agent',
    metadata: { name: `agent-${Math.random().toString(36).slice(2)}`, ownerScope: ApiResourceOwnerScope.organization, org: 'acme' },
    spec: { instructions: 'Answer with a single word, please.' },
  });
  const execution = await unary(client, AgentExecutionCommandController.method.create, {
    apiVersion: 'agentic.stigmer.ai/v1',
    kind: 'AgentExecution',
    metadata: { name: 'run', annotations: { 'stigmer.ai/queue': 'true' } },
    spec: { agentId: agent.metadata!.id, message: 'hi' },
  });
  return execution.metadata!.id;
}

describe('the server’s program', () => {
  it('starts while Temporal is down, and stops in time though a watcher is there, who is told to come back', async () => {
    const server = start();
    const client = await connect(server);
    const id = await queuedExecution(client);
    expect(statSync(join(stateDir, 'tokens', 'user')).mode & 0o777).toBe(0o600);
    const watch = collect<WatchResponse>(serverStream(client, ExecutionStream.method.watch, { executionId: id }, userToken(stateDir)));
    await watch.next();
    const before = Date.now();
    server.process.kill('SIGTERM');
    expect(await watch.ended).toMatchObject({ code: status.UNAVAILABLE });
    expect(await server.ended).toEqual([0, null]);
    expect(Date.now() - before).toBeLessThan(6_000);
  });

  it('ends with its standard input when it is told to', async () => {
    const server = start({ STIGMER_EXIT_WITH_STDIN: '1' });
    await portsOf(server);
    server.process.stdin!.end();
    expect(await server.ended).toEqual([0, null]);
  });

  it('says what it misses, and which port is taken', async () => {
    const without = program.start({});
    servers.push(without);
    expect(await without.ended).toEqual([1, null]);
    expect(without.errors).toMatch(/STIGMER_STATE_DIR is not set/);
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const taken = start({ GRPC_PORT: String(port) });
    expect(await taken.ended).toEqual([1, null]);
    expect(taken.errors).toMatch(new RegExp(`Port ${port} on 127\\.0\\.0\\.1 is taken.*GRPC_PORT`));
    other.close();
  });

  it('writes JSON lines with time, level, component and message', async () => {
    const server = start();
    const line = await server.said('the server is ready');
    expect(line).toMatchObject({ level: 'info', component: 'server', time: expect.stringMatching(/^\d{4}-.*Z$/) as string });
  });
});

describe('kill -9', () => {
  const rounds = Number(process.env['STIGMER_KILL_ROUNDS'] ?? '6');
  it('loses, doubles and reorders nothing that was acknowledged', { timeout: 30_000 + rounds * 15_000 }, async () => {
    let server = start();
    const id = await queuedExecution(await connect(server));
    let acknowledged = 0;
    let said = 0;
    for (let round = 0; round < rounds; round += 1) {
      const client = await connect(server);
      const call = bidi(client, ExecutionStream.method.report, userToken(stateDir));
      const report = collect<ReportResponse>(call);
      call.write(create(ReportRequestSchema, { frame: { case: 'open', value: { executionId: id, attempt: 1, runnerId: '' } } }));
      const ready = await report.next();
      if (ready.frame.case !== 'ready') throw new Error(`expected ready, got ${ready.frame.case}`);
      // What was acknowledged must be there; what was not may be.
      expect(Number(ready.frame.value.acknowledgedSequence)).toBeGreaterThanOrEqual(acknowledged);
      expect(Number(ready.frame.value.acknowledgedSequence)).toBeLessThanOrEqual(said);
      said = Number(ready.frame.value.acknowledgedSequence);
      const killAfter = 5 + Math.floor(Math.random() * 80);
      const speaking = setInterval(() => {
        for (let n = 0; n < 5; n += 1) {
          said += 1;
          const message = create(AgentMessageSchema, { type: 2, content: `message ${said}` });
          call.write(
            create(ReportRequestSchema, {
              frame: { case: 'events', value: { firstSequence: BigInt(said), events: [{ change: { case: 'messageAppended', value: { index: said - 1, message } } }] } },
            }),
          );
        }
      }, 1);
      await new Promise((resolve) => setTimeout(resolve, killAfter));
      server.process.kill('SIGKILL');
      clearInterval(speaking);
      await server.ended;
      await report.ended;
      acknowledged = Math.max(acknowledged, ...report.messages.map(({ frame }) => (frame.case === 'ack' ? Number(frame.value.sequence) : 0)));
      server = start();
    }
    const stored = await unary(await connect(server), AgentExecutionQueryController.method.get, { value: id });
    const contents = stored.status!.messages.map(({ content }) => content);
    expect(contents.length).toBeGreaterThanOrEqual(acknowledged);
    expect(contents).toEqual(Array.from({ length: contents.length }, (_unused, n) => `message ${n + 1}`));
  });

  it('between store and start costs no run: it is started by the next server', { timeout: 90_000 }, async () => {
    const server = start();
    const id = await queuedExecution(await connect(server));
    server.process.kill('SIGKILL');
    await server.ended;
    const temporal = await startTemporal();
    try {
      const next = start({ TEMPORAL_SERVICE_ADDRESS: temporal.address });
      await portsOf(next);
      const client = connectTemporal({ address: temporal.address, namespace: 'default', clock: systemClock });
      await until(async () => (await client.describe('agent_execution', id)).state === 'running');
      // The server compares what has not ended with Temporal: one that was ended there is over here too.
      await client.terminate('agent_execution', id, 'by an operator');
      await until(async () => (await unary(await connect(next), AgentExecutionQueryController.method.get, { value: id })).status?.phase === 5);
      await client.close();
    } finally {
      await temporal.stop();
    }
  });
});

describe('another user of the machine', () => {
  const nobody = 65534;
  it.runIf(process.platform === 'linux' && process.getuid?.() === 0)('is refused without a token', async () => {
    const server = start();
    const { grpc } = await portsOf(server);
    const script = `
      const { Client, credentials } = require(${JSON.stringify(join(process.cwd(), 'node_modules/@grpc/grpc-js'))});
      process.setgid(${nobody}); process.setuid(${nobody});
      const client = new Client('127.0.0.1:${grpc}', credentials.createInsecure());
      const same = (bytes) => bytes;
      client.makeUnaryRequest('/ai.stigmer.agentic.agentexecution.v1.AgentExecutionQueryController/list', same, same, Buffer.alloc(0), (error) => {
        console.log(JSON.stringify({ msg: 'code ' + (error ? error.code : 0) }));
        client.close();
      });`;
    const result = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect(`${result.stdout}${result.stderr}`).toContain(`code ${status.UNAUTHENTICATED}`);
    expect(await codeOf(unary(await connect(server), AgentExecutionQueryController.method.list, {}))).toBe(status.OK);
    expect(readFileSync(join(stateDir, 'tokens', 'user'), 'utf8')).toMatch(/^[0-9a-f]{64}/);
  });
});
