import { create } from '@bufbuild/protobuf';
import { NativeConnection, Worker } from '@temporalio/worker';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../src/contract/clock.js';
import { unauthenticated } from '../src/contract/errors.js';
import { AgentExecutionSchema, type AgentExecutionStatus, AgentExecutionStatusSchema } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { Phase } from '../src/contract/phases.js';
import { fromProtoJson } from '../src/contract/proto-json.js';
import { type ModelServer, startModelServer } from '../src/demo-model/server.js';
import type { ExecutionActivities } from '../src/workflows/activities/execution-activities.js';
import { connectTemporal, type RunOptions, type TemporalClient } from '../src/workflows/client.js';
import { DEFAULT_QUEUES } from '../src/workflows/names.js';
import type { ProgramProcess } from './support/program-process.js';
import { until } from './support/rpc.js';
import { type RunnerPeer, startRunnerPeer } from './support/runner-peer.js';
import { bundleRunner, type RunnerBundle } from './support/runner-process.js';
import { startTemporal, type TestTemporal } from './support/temporal.js';
import { bundleWorkflows, compilePayloadConverter, quietTemporalRuntime } from './support/workflow-bundle.js';

let temporal: TestTemporal;
let bundle: RunnerBundle;
let client: TemporalClient;
let worker: Worker;
let workerEnded: Promise<void>;
let connection: NativeConnection;
let converter: { readonly path: string; remove(): void };
/** What the workflow told the server of the end of runs. */
const ends = new Map<string, AgentExecutionStatus>();

let peer: RunnerPeer;
let model: ModelServer;
let workspace: string;
let env: Record<string, string>;
const runners: ProgramProcess[] = [];
let executions = 0;

beforeAll(async () => {
  quietTemporalRuntime();
  bundle = bundleRunner();
  const [started, workflowBundle] = await Promise.all([startTemporal(), bundleWorkflows()]);
  temporal = started;
  client = connectTemporal({ address: temporal.address, namespace: 'default', clock: systemClock });
  connection = await NativeConnection.connect({ address: temporal.address });
  converter = compilePayloadConverter();
  const activities: ExecutionActivities = {
    async UpdateExecutionStatus(executionId, status) {
      ends.set(executionId, fromProtoJson(AgentExecutionStatusSchema, status.json as never));
    },
  };
  worker = await Worker.create({ connection, taskQueue: DEFAULT_QUEUES.agentExecution, workflowBundle, activities: { ...activities }, dataConverter: { payloadConverterPath: converter.path } });
  workerEnded = worker.run();
}, 90_000);

afterAll(async () => {
  worker.shutdown();
  await workerEnded;
  await Promise.all([client.close(), connection.close()]);
  await temporal.stop();
  converter.remove();
  bundle.remove();
});

beforeEach(async () => {
  [peer, model, workspace] = await Promise.all([
    startRunnerPeer(),
    startModelServer({
      script: {
        rules: [
          { when: { message: 'hang' }, say: 'one two three', hang: 3 },
          { when: { message: 'slow' }, say: 'one two three four five six seven eight nine ten', token_ms: 50 },
          { when: { message: 'write', after_tool: false }, say: 'Writing.', call: { tool: 'write_file', args: { file_path: '/a.txt', content: 'it was here' } } },
          { say: 'You said: {{message}}' },
        ],
      },
    }),
    mkdtemp(join(tmpdir(), 'stigmer-runner-')),
  ]);
  await writeFile(join(workspace, 'token'), 'the-token-of-the-runner\n', { mode: 0o600 });
  env = {
    STIGMER_BACKEND_ENDPOINT: peer.endpoint,
    STIGMER_TOKEN_FILE: join(workspace, 'token'),
    STIGMER_RUNNER_NAME: 'agent-runner-1',
    TEMPORAL_SERVICE_ADDRESS: temporal.address,
    // A queue of each test's own, so that what one leaves behind is not taken by the next.
    TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE: `runner-${++executions}`,
    SANDBOX_ROOT_DIR: workspace,
    STIGMER_LLM_PROVIDER: 'openai',
    STIGMER_LLM_MODEL: 'demo',
    STIGMER_LLM_BASE_URL: model.url,
    STIGMER_LLM_API_KEY: 'the-key-of-the-provider',
    STIGMER_EXIT_WITH_STDIN: '1',
  };
});

afterEach(async () => {
  for (const runner of runners.splice(0)) {
    runner.process.kill('SIGKILL');
    await runner.ended;
  }
  peer.close();
  await model.close();
  await rm(workspace, { recursive: true, force: true });
});

function startRunner(more: Record<string, string> = {}): ProgramProcess {
  const runner = bundle.start({ ...env, ...more });
  runners.push(runner);
  return runner;
}

async function run(message: string, options: RunOptions = {}): Promise<string> {
  const id = `aex-${++executions}`;
  const execution = create(AgentExecutionSchema, { metadata: { id }, spec: { sessionId: `ses-${id}`, message }, status: { phase: Phase.PENDING } });
  const queues = connectTemporal({ address: temporal.address, namespace: 'default', clock: systemClock, queues: { agentRunner: env['TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE'] as string } });
  expect(await queues.startAgentExecution(execution, options)).toEqual({ outcome: 'started' });
  await queues.close();
  return id;
}

const phaseOf = (id: string) => peer.execution(id).status.phase;
const lastText = (id: string) => peer.execution(id).status.messages.at(-1)?.content;

describe('the agent-runner', () => {
  it('gets a lease, takes runs, reports them to the server, and gives the workflow their end', async () => {
    const runner = startRunner();
    expect(await runner.said('ready')).toMatchObject({ lease: 'lease-1', endpoint: peer.endpoint, provider: 'openai', model: 'demo', modelUrl: `${model.url}/v1`, slots: 10, hostTools: false });
    expect(peer.introductions).toMatchObject([{ name: 'agent-runner-1', component: 'agent-runner', slots: 10, endpoint: peer.endpoint, pid: runner.process.pid }]);
    const id = await run('write it down');
    await until(() => ends.has(id));
    expect(peer.execution(id).status).toMatchObject({ phase: Phase.COMPLETED, toolCalls: [{ name: 'write_file' }] });
    expect(lastText(id)).toBe('You said: write it down');
    expect(ends.get(id)).toMatchObject({ phase: Phase.COMPLETED, messages: [{ content: 'You said: write it down' }] });
    expect(await readFile(join(workspace, `ses-${id}`, 'a.txt'), 'utf8')).toBe('it was here');
    expect(peer.calls.every(({ authorization }) => authorization === 'Bearer the-token-of-the-runner')).toBe(true);
    const log = JSON.stringify(runner.lines);
    expect(log).not.toMatch(/the-token-of-the-runner|the-key-of-the-provider|You said/);
    runner.process.kill('SIGTERM');
    await runner.ended;
    expect(runner.process.exitCode).toBe(0);
    expect(runner.errors).toBe('');
  });

  it('does not poll without a lease, and says which address it tried', async () => {
    peer.down();
    const runner = startRunner();
    expect(await runner.said('no lease')).toMatchObject({ level: 'warn', msg: expect.stringContaining(`STIGMER_BACKEND_ENDPOINT=${peer.endpoint}`) });
    const id = await run('Hello');
    expect(runner.lines.map(({ msg }) => msg)).not.toContain('polling');
    await peer.up();
    await until(() => ends.has(id));
    expect(phaseOf(id)).toBe(Phase.COMPLETED);
  });

  it('ends when the server refuses it', async () => {
    peer.manners.refuse = unauthenticated('this token is not known');
    const runner = startRunner();
    expect(await runner.said('this token is not known')).toMatchObject({ level: 'fatal' });
    await runner.ended;
    expect(runner.process.exitCode).toBe(1);
  });

  it('serves the original server without a lease, and says so', async () => {
    peer.manners.ours = false;
    const runner = startRunner();
    expect(await runner.said('ready')).toMatchObject({ lease: 'none: the server knows no leases' });
    expect(peer.calls[0]?.method).toBe('AgentQueryController/getByReference');
    const id = await run('Hello');
    await until(() => ends.has(id));
    expect(peer.execution(id).status).toMatchObject({ phase: Phase.COMPLETED, messages: [{ content: 'Hello' }, { content: 'You said: Hello' }] });
  });

  it('cancels a run when the server says so on the lease', async () => {
    const runner = startRunner();
    await runner.said('ready');
    const id = await run('hang');
    const request = await model.nextRequest();
    await until(() => lastText(id) === 'one two');
    peer.cancel(id, 'not wanted');
    expect(await request.ended).toBe('aborted');
    await until(() => ends.has(id));
    expect(peer.execution(id).status).toMatchObject({ phase: Phase.CANCELLED, error: 'not wanted' });
    expect(ends.get(id)).toMatchObject({ phase: Phase.CANCELLED });
  });

  it('cancels a run when Temporal says so', async () => {
    const runner = startRunner();
    await runner.said('ready');
    const id = await run('hang');
    await until(() => lastText(id) === 'one two');
    const request = await model.nextRequest();
    await client.cancel('agent_execution', id);
    expect(await request.ended).toBe('aborted');
    await until(() => phaseOf(id) === Phase.CANCELLED);
  });

  it('beats by the clock, not by what happens', async () => {
    const runner = startRunner();
    await runner.said('ready');
    // Nothing happens for longer than the limit.
    const id = await run('hang', { heartbeatMs: 4_000 });
    await until(() => lastText(id) === 'one two');
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect(ends.has(id)).toBe(false);
    const described = await client.describe('agent_execution', id);
    expect(described.activities).toMatchObject([{ name: 'ExecuteGraphton', attempt: 1 }]);
    peer.cancel(id, '');
    await until(() => ends.has(id));
  });

  it('goes on with a run while the server is away, and reports when it is back', async () => {
    const runner = startRunner();
    await runner.said('ready');
    const id = await run('slow');
    await until(() => peer.execution(id).status.messages.length === 2);
    peer.down();
    await runner.said('no lease');
    await peer.up();
    await until(() => ends.has(id));
    expect(lastText(id)).toBe('one two three four five six seven eight nine ten');
    expect(phaseOf(id)).toBe(Phase.COMPLETED);
  });

  it('takes no more runs when the lease is gone for long, and takes them again when it is back', async () => {
    peer.manners.ttlMs = 200;
    const runner = startRunner();
    await runner.said('ready');
    const going = await run('hang');
    await until(() => lastText(going) === 'one two');
    peer.down();
    expect(await runner.said('no more runs are taken')).toMatchObject({ reason: 'the lease has been lost for too long', underWay: [going] });
    const id = await run('Hello');
    await peer.up();
    await until(() => ends.has(id));
    expect(phaseOf(id)).toBe(Phase.COMPLETED);
    expect(ends.has(going)).toBe(false);
    peer.cancel(going, '');
    await until(() => ends.has(going));
  });

  it('lets short runs end when it is stopped, and gives up the others', async () => {
    const runner = startRunner();
    await runner.said('ready');
    const [short, long] = [await run('slow'), await run('hang', { attempts: 2 })];
    await until(() => peer.execution(short).status.messages.length === 2 && lastText(long) === 'one two');
    runner.process.kill('SIGTERM');
    await runner.ended;
    expect(runner.process.exitCode).toBe(0);
    expect(phaseOf(short)).toBe(Phase.COMPLETED);
    expect(phaseOf(long)).toBe(Phase.IN_PROGRESS);
    // Another runner takes it up.
    const next = startRunner();
    await next.said('ready');
    await until(() => peer.execution(long).opens.some(({ attempt }) => attempt === 2), 30_000);
    peer.cancel(long, '');
    await until(() => ends.has(long));
  }, 60_000);

  it('ends with its standard input, as a child does whose supervisor is gone', async () => {
    const runner = startRunner();
    await runner.said('ready');
    runner.process.stdin?.end();
    await runner.ended;
    expect(runner.process.exitCode).toBe(0);
  });

  it('waits for Temporal, and takes runs again after it was away', async () => {
    const runner = startRunner();
    await runner.said('ready');
    await temporal.kill9();
    await temporal.restart();
    const id = await run('Hello');
    await until(() => ends.has(id), 30_000);
    expect(phaseOf(id)).toBe(Phase.COMPLETED);
  }, 60_000);
});

describe('without what it needs, the agent-runner does not start', () => {
  it.each([
    ['no address of the server', { STIGMER_BACKEND_ENDPOINT: '' }, /STIGMER_BACKEND_ENDPOINT is not set; .+ for example localhost:7234/],
    ['the address under another name', { STIGMER_BACKEND_ENDPOINT: '', STIGMER_BACKEND_URL: 'http://localhost:7234' }, /STIGMER_BACKEND_URL is set, and is not read: the name of the variable is STIGMER_BACKEND_ENDPOINT/],
    ['a scheme in the address', { STIGMER_BACKEND_ENDPOINT: 'http://localhost:7234' }, /STIGMER_BACKEND_ENDPOINT "http:\/\/localhost:7234" must be host:port without a scheme/],
    ['no workspace', { SANDBOX_ROOT_DIR: '' }, /SANDBOX_ROOT_DIR is not set/],
    ['no model', { STIGMER_LLM_MODEL: '' }, /STIGMER_LLM_MODEL is not set/],
  ])('%s', async (_what, change, message) => {
    const runner = startRunner(change);
    await runner.ended;
    expect(runner.process.exitCode).toBe(2);
    expect(runner.errors).toMatch(message);
    expect(peer.introductions).toEqual([]);
  });
});
