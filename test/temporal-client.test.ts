import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Context, CompleteAsyncError } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../src/contract/clock.js';
import { Code, StigmerError } from '../src/contract/errors.js';
import { Phase } from '../src/contract/phases.js';
import { connectTemporal, type TemporalClient } from '../src/workflows/client.js';
import { AGENT_EXECUTION_STATUS } from '../src/workflows/names.js';
import { protoPayload } from '../src/workflows/payloads/proto-payload.js';
import { type RunScript, startWorkflowWorld, type WorkflowWorld } from './support/workflow-world.js';

let world: WorkflowWorld;
let client: TemporalClient;

beforeAll(async () => {
  world = await startWorkflowWorld();
  client = world.client;
}, 60_000);

afterAll(async () => {
  await world.close();
});

const completed: RunScript = async () => protoPayload(AGENT_EXECUTION_STATUS, { phase: 'EXECUTION_COMPLETED' });

/** Waits until it may go on. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe('starting', () => {
  it('twice is starting once, while the run goes on and after it', async () => {
    const { opened, open } = gate();
    const execution = world.agentExecution();
    let runs = 0;
    world.script(execution.metadata.id, async (one) => {
      runs += 1;
      await opened;
      return completed(one);
    });
    expect(await client.startAgentExecution(execution, {})).toEqual({ outcome: 'started' });
    await world.running(execution.metadata.id);
    expect(await client.startAgentExecution(execution, {})).toEqual({ outcome: 'started' });
    open();
    await world.closed(execution.metadata.id);
    expect(await client.startAgentExecution(execution, {})).toEqual({ outcome: 'started' });
    expect(await client.describe('agent_execution', execution.metadata.id)).toMatchObject({ state: 'completed' });
    expect(runs).toBe(1);
  });

  it('with an execution that is too large for Temporal is refused for certain', async () => {
    const execution = world.agentExecution();
    if (execution.spec) execution.spec.message = 'x'.repeat(3 * 1024 * 1024);
    const outcome = await client.startAgentExecution(execution, {});
    expect(outcome).toMatchObject({ outcome: 'refused', reason: { code: Code.INVALID_ARGUMENT } });
    expect(await client.describe('agent_execution', execution.metadata.id)).toEqual({ state: 'notFound', activities: [] });
  });

  it('in a namespace that is missing is refused for certain, and says so', async () => {
    const other = connectTemporal({ address: world.temporal.address, namespace: 'nowhere', clock: systemClock });
    const says = `Temporal at ${world.temporal.address} has no namespace nowhere`;
    const outcome = await other.startAgentExecution(world.agentExecution(), {});
    expect(outcome).toMatchObject({ outcome: 'refused', reason: { message: expect.stringContaining(says) } });
    await expect(other.health()).rejects.toThrow(says);
    await expect(other.describe('agent_execution', 'aex-1')).rejects.toThrow(says);
    expect(other.state().state).toBe('connected');
    await other.close();
  });
});

describe('a workflow', () => {
  it('that is not there can be asked nothing', async () => {
    expect(await client.cancel('agent_execution', 'aex-none')).toBe(false);
    expect(await client.terminate('agent_execution', 'aex-none', 'because')).toBe(false);
    expect(await client.signal('agent_execution', 'aex-none', 'approve')).toBe(false);
    expect(await client.describe('agent_execution', 'aex-none')).toEqual({ state: 'notFound', activities: [] });
  });

  it('is described with its runner while it runs, and with the reason when it was terminated', async () => {
    const { opened, open } = gate();
    const id = await world.start(async () => opened);
    await world.running(id);
    expect(await client.describe('agent_execution', id)).toEqual({
      state: 'running',
      activities: [{ name: 'ExecuteGraphton', started: true, cancelRequested: false, attempt: 1, worker: 'agent-runner', scheduledAt: expect.any(Number), startedAt: expect.any(Number) }],
    });
    expect(await client.signal('agent_execution', id, 'unknown-signal', { a: 1 })).toBe(true);
    expect(await client.terminate('agent_execution', id, 'an operator wanted it')).toBe(true);
    expect(await world.closed(id)).toEqual({ state: 'terminated', reason: 'an operator wanted it', activities: [] });
    open();
  });

  it('has its pollers listed by queue', async () => {
    const { pollers, backlog } = await client.describeQueue('agent_execution_runner');
    expect(pollers).toEqual([{ identity: 'agent-runner', lastAccessAt: expect.any(Number) }]);
    expect(backlog).toBe(0);
  });
});

describe('the activity of a task token', () => {
  async function waitingActivity(): Promise<{ id: string; token: Uint8Array }> {
    let token: Uint8Array | undefined;
    const id = await world.start(async () => {
      token = Context.current().info.taskToken;
      throw new CompleteAsyncError();
    });
    await world.running(id);
    await expect.poll(() => token).toBeDefined();
    return { id, token: token ?? new Uint8Array() };
  }

  it('is completed from outside, once', async () => {
    const { id, token } = await waitingActivity();
    expect(await client.completeActivity(token, 'the answer')).toBe(true);
    expect((await world.server.next(id)).status.error).toContain('did not answer with a');
    await world.closed(id);
    expect(await client.completeActivity(token, 'the answer')).toBe(false);
    expect(await client.failActivity(token, 'it failed')).toBe(false);
  });

  it('is failed from outside with a sentence', async () => {
    const { id, token } = await waitingActivity();
    expect(await client.failActivity(token, 'the agent failed: no model')).toBe(true);
    expect((await world.server.next(id)).status).toMatchObject({ phase: Phase.FAILED, error: expect.stringContaining('the agent failed: no model') });
  });

  it('whose token is none is refused within the timeout', async () => {
    await expect(client.completeActivity(new Uint8Array([1, 2, 3]), null)).rejects.toBeInstanceOf(StigmerError);
  });
});

describe('a Temporal that does not answer', () => {
  it('is told by the first call, by name and address, and a start is refused for certain', async () => {
    const down = connectTemporal({ address: '127.0.0.1:1', namespace: 'default', clock: systemClock });
    expect(down.state()).toEqual({ state: 'untried' });
    const outcome = await down.startAgentExecution(world.agentExecution(), {});
    expect(outcome).toMatchObject({ outcome: 'refused', reason: { code: Code.UNAVAILABLE, message: expect.stringContaining('Temporal at 127.0.0.1:1 does not answer') } });
    await expect(down.describe('agent_execution', 'aex-1')).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    expect(down.state()).toMatchObject({ state: 'down', since: expect.any(Number), error: expect.stringContaining('127.0.0.1:1') });
    await down.close();
  });

  it('leaves a start unknown when the connection stood and nothing came back', async () => {
    const mute = await startMute();
    const waiting = connectTemporal({ address: mute.address, namespace: 'default', clock: systemClock, timeoutMs: 300 });
    const outcome = await waiting.startAgentExecution(world.agentExecution(), {});
    expect(outcome).toMatchObject({ outcome: 'unknown', reason: { code: Code.DEADLINE_EXCEEDED } });
    expect(waiting.state()).toMatchObject({ state: 'down' });
    await waiting.close();
    mute.close();
  });

  it('is used again when it is back, by client and workers alike, and its runs go on', async () => {
    const { opened, open } = gate();
    const id = await world.start(async (execution) => {
      await opened;
      return completed(execution);
    });
    await world.running(id);
    await world.temporal.kill9();
    const error = await client.describe('agent_execution', id).catch((thrown: StigmerError) => thrown);
    expect(error).toMatchObject({ code: Code.UNAVAILABLE });
    expect(client.state().state).toBe('down');
    await world.temporal.restart();
    open();
    expect((await world.server.next(id)).status.phase).toBe(Phase.COMPLETED);
    await expect.poll(() => client.health().then(() => client.state().state, () => 'down'), { timeout: 10_000 }).toBe('connected');
    // Workers come back in their own time: their pollers wait longer after each failure.
  }, 120_000);
});

/** Takes connections and never says a word. */
async function startMute(): Promise<{ readonly address: string; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
