import { create } from '@bufbuild/protobuf';
import { activityInfo, Context, heartbeat } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../src/contract/clock.js';
import { failedPrecondition, invalidArgument, notFound, unavailable } from '../src/contract/errors.js';
import { type WorkflowExecutionStatus, WorkflowExecutionSchema } from '../src/contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { Phase } from '../src/contract/phases.js';
import { connectTemporal } from '../src/workflows/client.js';
import { AGENT_EXECUTION, AGENT_EXECUTION_STATUS, WORKFLOW_EXECUTION, WORKFLOW_EXECUTION_STATUS } from '../src/workflows/names.js';
import { type ProtoPayload, protoPayload } from '../src/workflows/payloads/proto-payload.js';
import { type RunScript, startWorkflowWorld, type WorkflowWorld } from './support/workflow-world.js';

let world: WorkflowWorld;
/** Ends what the scripts still wait for. */
const over = new AbortController();

beforeAll(async () => {
  world = await startWorkflowWorld();
}, 60_000);

afterAll(async () => {
  over.abort();
  await world.close();
});

const completed: RunScript = async () =>
  protoPayload(AGENT_EXECUTION_STATUS, { phase: 'EXECUTION_COMPLETED', messages: [{ type: 'MESSAGE_AI', content: 'Hi' }], completedAt: '2026-01-26T10:00:00Z' });

/** A runner that is lost, or hangs: no heartbeat, no answer. */
const silent: RunScript = () => new Promise((resolve) => over.signal.addEventListener('abort', () => resolve(undefined)));

describe('a run', () => {
  it('hands the execution and the thread of its session to a runner, and its status to the server', async () => {
    let seen: { execution: ProtoPayload; threadId: string | undefined } | undefined;
    const id = await world.start(async (execution, threadId) => {
      seen = { execution, threadId };
      return completed(execution);
    });
    const { status, authorization } = await world.server.next(id);
    expect(status).toMatchObject({ phase: Phase.COMPLETED, messages: [{ content: 'Hi' }], completedAt: '2026-01-26T10:00:00Z' });
    expect(authorization).toBe('Bearer worker-token');
    expect(seen?.execution).toMatchObject({ type: AGENT_EXECUTION, json: { metadata: { id }, spec: { message: 'Hello' } } });
    expect(seen?.threadId).toBe('thread-ses-1');
    expect(await world.closed(id)).toEqual({ state: 'completed', activities: [] });
  });

  it('goes on with the thread that its session stands on', async () => {
    let thread: string | undefined;
    const script: RunScript = async (execution, threadId) => {
      thread = threadId;
      return completed(execution);
    };
    await world.server.next(await world.start(script, { threadId: 'thread-of-before' }));
    expect(thread).toBe('thread-of-before');
  });

  it('that its runner reports as failed is a failure of the execution, not of the workflow', async () => {
    const id = await world.start(async () => protoPayload(AGENT_EXECUTION_STATUS, { phase: 'EXECUTION_FAILED', error: 'the model does not answer' }));
    expect((await world.server.next(id)).status).toMatchObject({ phase: Phase.FAILED, error: 'the model does not answer' });
    expect(await world.closed(id)).toMatchObject({ state: 'completed' });
  });

  it('whose runner throws ends as FAILED with what it said, and no message of the conversation is replaced', async () => {
    const id = await world.start(async () => {
      throw new TypeError('the disk is full');
    });
    const { status } = await world.server.next(id);
    expect(status).toMatchObject({ phase: Phase.FAILED, error: 'The agent-runner broke off with an error of its own: TypeError: the disk is full', messages: [] });
    expect(await world.closed(id)).toMatchObject({ state: 'failed', reason: status.error });
  });

  it.each([
    { answer: protoPayload(AGENT_EXECUTION_STATUS, { phase: 'EXECUTION_IN_PROGRESS' }), says: 'ended the run in phase EXECUTION_IN_PROGRESS' },
    { answer: protoPayload(AGENT_EXECUTION_STATUS, {}), says: 'ended the run in phase EXECUTION_PHASE_UNSPECIFIED' },
    { answer: { phase: 'EXECUTION_COMPLETED' }, says: 'did not answer with a' },
    { answer: undefined, says: 'did not answer with a' },
  ])('whose runner gives no outcome ends as FAILED: it $says', async ({ answer, says }) => {
    const { status } = await world.server.next(await world.start(async () => answer));
    expect(status.phase).toBe(Phase.FAILED);
    expect(status.error).toContain(says);
  });

  it('whose runner is lost ends as FAILED once its heartbeat is missed', async () => {
    const { status } = await world.server.next(await world.start(silent, { heartbeatMs: 1_000 }));
    expect(status).toMatchObject({ phase: Phase.FAILED, messages: [] });
    expect(status.error).toContain('The agent-runner was lost: no sign of life for 1 s.');
    expect(status.error).toContain('stigmer server logs -c agent-runner');
  });

  it('that may be resumed is given to a runner again after a loss, as another attempt', async () => {
    const attempts: number[] = [];
    const id = await world.start(
      async (execution) => {
        attempts.push(activityInfo().attempt);
        return attempts.length === 1 ? silent(execution) : completed(execution);
      },
      { heartbeatMs: 1_000, attempts: 3 },
    );
    expect((await world.server.next(id)).status.phase).toBe(Phase.COMPLETED);
    expect(attempts).toEqual([1, 2]);
  });

  it('that takes too long ends as FAILED, and is not tried again', async () => {
    let attempts = 0;
    const id = await world.start(
      async (execution) => {
        attempts += 1;
        return silent(execution);
      },
      { startToCloseMs: 1_000, attempts: 3 },
    );
    const { status } = await world.server.next(id);
    expect(status).toMatchObject({ phase: Phase.FAILED, error: 'The run took longer than 1 s, which is its limit.' });
    expect(attempts).toBe(1);
  });

  it('that no runner takes waits, and ends as FAILED at its limit, naming the queue and the command', async () => {
    const client = connectTemporal({ address: world.temporal.address, namespace: 'default', clock: systemClock, queues: { agentRunner: 'nobody' } });
    const execution = world.agentExecution();
    await client.startAgentExecution(execution, { scheduleToStartMs: 2_000 });
    await expect.poll(() => client.describe('agent_execution', execution.metadata.id)).toMatchObject({ activities: [{ name: 'ExecuteGraphton', started: false, attempt: 1 }] });
    expect((await client.describeQueue('nobody')).pollers).toEqual([]);
    const { status } = await world.server.next(execution.metadata.id);
    expect(status.phase).toBe(Phase.FAILED);
    expect(status.error).toBe(
      'No agent-runner took this run within 2 s: nothing polled the queue nobody, or all runners were busy. Start one: stigmer server start --only agent-runner',
    );
    await client.close();
  });

  it('with a status that Temporal could not pass on tells the server the outcome', async () => {
    const content = 'x'.repeat(2 * 1024 * 1024 - 300);
    const id = await world.start(async () => protoPayload(AGENT_EXECUTION_STATUS, { phase: 'EXECUTION_COMPLETED', messages: [{ content }] }));
    expect((await world.server.next(id)).status).toMatchObject({ phase: Phase.COMPLETED, messages: [] });
  });
});

describe('a cancelled run', () => {
  it("ends with its runner's last word", async () => {
    const id = await world.start(
      async () => {
        const beat = setInterval(() => heartbeat(), 100);
        await Context.current().cancelled.catch(() => undefined);
        clearInterval(beat);
        return protoPayload(AGENT_EXECUTION_STATUS, { phase: 'EXECUTION_CANCELLED', messages: [{ content: 'so far' }] });
      },
      { heartbeatMs: 1_000 },
    );
    await world.running(id);
    expect(await world.client.cancel('agent_execution', id)).toBe(true);
    expect((await world.server.next(id)).status).toMatchObject({ phase: Phase.CANCELLED, messages: [{ content: 'so far' }] });
  });

  it('ends as CANCELLED when the runner confirms without a status', async () => {
    const id = await world.start(
      async () => {
        const beat = setInterval(() => heartbeat(), 100);
        return Context.current().cancelled.finally(() => clearInterval(beat));
      },
      { heartbeatMs: 1_000 },
    );
    await world.running(id);
    await world.client.cancel('agent_execution', id);
    expect((await world.server.next(id)).status).toMatchObject({ phase: Phase.CANCELLED, error: '' });
    expect(await world.closed(id)).toMatchObject({ state: 'cancelled' });
  });

  it('ends as CANCELLED after the grace time when its runner says nothing', async () => {
    const id = await world.start(silent, { cancelGraceMs: 500 });
    await world.running(id);
    await world.client.cancel('agent_execution', id);
    expect((await world.server.next(id)).status.phase).toBe(Phase.CANCELLED);
    expect(await world.closed(id)).toMatchObject({ state: 'cancelled' });
  });

  it('that no runner has taken yet ends at once', async () => {
    const client = connectTemporal({ address: world.temporal.address, namespace: 'default', clock: systemClock, queues: { agentRunner: 'nobody' } });
    const execution = world.agentExecution();
    await client.startAgentExecution(execution, { cancelGraceMs: 60_000 });
    expect(await client.cancel('agent_execution', execution.metadata.id)).toBe(true);
    expect((await world.server.next(execution.metadata.id)).status.phase).toBe(Phase.CANCELLED);
    await client.close();
  });
});

describe('the last word', () => {
  it('is repeated until the server hears it', async () => {
    world.server.answer = () => unavailable('the database is locked');
    const id = await world.start(completed);
    await world.server.next(id);
    world.server.answer = () => undefined;
    expect((await world.server.next(id)).status.phase).toBe(Phase.COMPLETED);
    expect(await world.closed(id)).toMatchObject({ state: 'completed' });
  });

  it('reaches a server that was down and came back', async () => {
    await world.server.down();
    const id = await world.start(completed);
    const telling = async () => (await world.client.describe('agent_execution', id)).activities.find(({ name }) => name === 'UpdateExecutionStatus');
    await expect.poll(async () => (await telling())?.attempt, { timeout: 20_000 }).toBeGreaterThan(1);
    await world.server.up();
    expect((await world.server.next(id)).status.phase).toBe(Phase.COMPLETED);
    expect(await world.closed(id)).toMatchObject({ state: 'completed' });
  });

  it.each([
    { name: 'knows the end already', error: failedPrecondition('the execution has ended') },
    { name: 'has deleted the execution', error: notFound('AgentExecution', 'aex-1') },
  ])('counts as heard when the server $name', async ({ error }) => {
    world.server.answer = () => error;
    const id = await world.start(completed);
    expect(await world.closed(id)).toMatchObject({ state: 'completed' });
    expect(world.server.heard.filter(({ executionId }) => executionId === id)).toHaveLength(1);
    world.server.answer = () => undefined;
  });

  it('is cut to the outcome when the server refuses the status as it is', async () => {
    world.server.answer = ({ status }) => ('messages' in status && status.messages.length > 0 ? invalidArgument('status.messages', 'must be short') : undefined);
    const id = await world.start(completed);
    await world.server.next(id);
    expect((await world.server.next(id)).status).toMatchObject({ phase: Phase.COMPLETED, messages: [], completedAt: '2026-01-26T10:00:00Z' });
    expect(await world.closed(id)).toMatchObject({ state: 'completed' });
    world.server.answer = () => undefined;
  });
});

describe('a run of a workflow', () => {
  it('is handed to a workflow-runner, and its status to the server', async () => {
    let seen: ProtoPayload | undefined;
    world.script('wex-1', async (execution) => {
      seen = execution;
      return protoPayload(WORKFLOW_EXECUTION_STATUS, { phase: 'EXECUTION_COMPLETED', output: { sum: 3 } });
    });
    const execution = create(WorkflowExecutionSchema, { metadata: { id: 'wex-1', org: 'acme' } });
    expect(await world.client.startWorkflowExecution(execution, {})).toEqual({ outcome: 'started' });
    const { status } = await world.server.next<WorkflowExecutionStatus>('wex-1');
    expect(status).toMatchObject({ phase: Phase.COMPLETED, output: { sum: 3 } });
    expect(seen).toMatchObject({ type: WORKFLOW_EXECUTION, json: { metadata: { id: 'wex-1', org: 'acme' } } });
  });
});
