import { describe, expect, it, onTestFinished } from 'vitest';
import { AgentExecutionCommandController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { AgentExecutionQueryController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import type { Notice } from '../src/contract/gen/stigmer/stream/v1/notice_pb.js';
import type { WatchResponse } from '../src/contract/gen/stigmer/stream/v1/stream_pb.js';
import type { WorkflowState } from '../src/workflows/client.js';
import { until } from './support/rpc.js';
import { type Collected, startTestServer, type TestServer } from './support/server.js';

const { get } = AgentExecutionQueryController.method;
const { updateStatus } = AgentExecutionCommandController.method;

function noticesOf({ messages }: Collected<WatchResponse>): Notice[] {
  return messages.flatMap(({ item }) => (item.case === 'notice' ? [item.value] : []));
}

/** The notices that stand, by code. */
function standing(watch: Collected<WatchResponse>): Map<string, Notice> {
  const notices = new Map<string, Notice>();
  for (const notice of noticesOf(watch)) {
    if (notice.cleared) notices.delete(notice.code);
    else notices.set(notice.code, notice);
  }
  return notices;
}

/** A worker that gives signs of life until the test is finished. */
async function worker(server: TestServer) {
  const runner = await server.hello('worker', { component: 'worker', taskQueues: ['agent_execution_stigmer'] });
  const beating = setInterval(() => runner.beat(), 1_000);
  onTestFinished(() => clearInterval(beating));
  return runner;
}

describe('why a pending execution does not start', () => {
  it('says that no runner is connected, with what mends it, and takes it back when one comes', async () => {
    const server = await startTestServer();
    await (await worker(server)).lease();
    const id = (await server.createExecution()).metadata!.id;
    const watch = await server.watch(id);
    await until(() => standing(watch).has('NO_RUNNER'));
    expect(standing(watch).get('NO_RUNNER')).toMatchObject({
      text: expect.stringContaining('agent_execution_runner') as string,
      component: 'agent-runner',
      remedies: ['stigmer server start --only agent-runner', 'stigmer server logs -c agent-runner'],
    });
    const runner = await server.hello();
    await runner.lease();
    await until(() => !standing(watch).has('NO_RUNNER'));
    runner.stream.cancel();
    await until(() => standing(watch).has('NO_RUNNER'));
    const told = noticesOf(watch).length;
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(noticesOf(watch)).toHaveLength(told);
    expect(standing(watch).get('NO_RUNNER')!.text).toMatch(/last seen at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
  });

  it('tells a watcher who comes later', async () => {
    const server = await startTestServer();
    await (await worker(server)).lease();
    const id = (await server.createExecution()).metadata!.id;
    const first = await server.watch(id);
    await until(() => standing(first).has('NO_RUNNER'));
    const second = await server.watch(id);
    await until(() => standing(second).has('NO_RUNNER'));
    expect(noticesOf(first).filter(({ code }) => code === 'NO_RUNNER')).toHaveLength(1);
  });

  it('says nothing when a runner without a lease polls the queue, as the original’s does', async () => {
    const server = await startTestServer();
    await (await worker(server)).lease();
    server.temporal.pollers = [
      { identity: '12@python', lastAccessAt: Date.now() },
      { identity: 'agent-runner-1-77', lastAccessAt: Date.now() },
    ];
    const id = (await server.createExecution()).metadata!.id;
    const watch = await server.watch(id);
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    expect(noticesOf(watch)).toEqual([]);
  });

  it('says that the worker is not connected, that Temporal is down, or that all slots are busy', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    const watch = await server.watch(id);
    await until(() => standing(watch).has('WORKER_DOWN'));
    server.temporal.down = true;
    await until(() => standing(watch).has('TEMPORAL_DOWN'));
    expect(standing(watch).get('TEMPORAL_DOWN')).toMatchObject({ address: '127.0.0.1:1', component: 'temporal' });
    server.temporal.down = false;
    await (await worker(server)).lease();
    const runner = await server.hello('agent-runner-1', { slots: 1 });
    await runner.lease();
    runner.beat(['aex-other']);
    await until(() => standing(watch).has('SLOTS_BUSY'));
    expect([...standing(watch).keys()]).toEqual(['SLOTS_BUSY']);
    expect(standing(watch).get('SLOTS_BUSY')!.text).toContain('All 1 slots of 1 runner are busy');
  });

  it('says of a workflow execution that no workflow-runner is there', async () => {
    const server = await startTestServer();
    await (await worker(server)).lease();
    const id = await server.createWorkflowExecution();
    const watch = await server.watch(id);
    await until(() => standing(watch).has('NO_WORKFLOW_RUNNER'));
  });
});

describe('a runner of ours that is gone', () => {
  it('does not count as polling, though Temporal remembers it', async () => {
    const server = await startTestServer();
    await (await worker(server)).lease();
    server.temporal.pollers = [{ identity: 'agent-runner-1-77', lastAccessAt: Date.now() }];
    const watch = await server.watch((await server.createExecution()).metadata!.id);
    await until(() => standing(watch).has('NO_RUNNER'));
    expect(standing(watch).has('NO_RUNNER')).toBe(true);
  });
});

describe('why a running execution does not move', () => {
  it('says that its runner is lost as soon as the lease is, and takes it back when the runner reports again', async () => {
    const server = await startTestServer({ settings: { leaseTtlMs: 400 } });
    const id = (await server.createExecution()).metadata!.id;
    const runner = await server.hello();
    const lease = await runner.lease();
    const report = await server.report(id, 1, 'agent-runner-1', lease.leaseId);
    await report.collected.next();
    report.events(1, { change: { case: 'phaseChanged', value: { phase: 2 } } });
    await report.collected.next();
    const watch = await server.watch(id);
    report.stream.cancel();
    await until(() => standing(watch).has('RUNNER_LOST'));
    expect(standing(watch).get('RUNNER_LOST')!.text).toContain('agent-runner-1');
    const again = await server.report(id, 1);
    await again.collected.next();
    await until(() => !standing(watch).has('RUNNER_LOST'));
  });
});

describe('executions whose workflow is over', () => {
  const ends: [WorkflowState, string | undefined, number, RegExp][] = [
    ['terminated', 'by an operator', 5, /terminated at Temporal: by an operator/],
    ['cancelled', undefined, 5, /cancelled at Temporal/],
    ['timedOut', undefined, 4, /timed out at Temporal/],
    ['failed', 'boom', 4, /workflow failed: boom/],
    ['completed', undefined, 4, /ended without a final status/],
  ];
  it.each(ends)('end too: %s', async (state, reason, phase, text) => {
    const server = await startTestServer({ settings: { reconcileMs: 100, endGraceMs: 300 } });
    const id = (await server.createExecution()).metadata!.id;
    await server.call(updateStatus, { executionId: id, status: { phase: 2 } });
    server.temporal.workflows.set(id, { state, ...(reason === undefined ? {} : { reason }), activities: [] });
    await until(async () => (await server.call(get, { value: id })).status!.phase > 2);
    const { status } = await server.call(get, { value: id });
    expect(status?.phase).toBe(phase);
    expect(status?.error).toMatch(text);
  });

  it('are left alone while the workflow’s last word may be on its way', async () => {
    const server = await startTestServer({ settings: { reconcileMs: 50 } });
    const id = (await server.createExecution()).metadata!.id;
    server.temporal.workflows.set(id, { state: 'completed', activities: [] });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await server.call(get, { value: id })).status?.phase).toBe(1);
    await server.call(updateStatus, { executionId: id, status: { phase: 3 } }, 'worker');
    expect((await server.call(get, { value: id })).status?.phase).toBe(3);
  });
});

describe('the workflow worker’s word', () => {
  it('fills what the log lacks, and never undoes an end', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    await server.call(updateStatus, { executionId: id, status: { phase: 2, messages: [{ type: 2, content: 'so far' }] } });
    await server.call(updateStatus, { executionId: id, status: { phase: 4, error: 'the runner is gone' } }, 'worker');
    const { status } = await server.call(get, { value: id });
    expect(status).toMatchObject({ phase: 4, error: 'the runner is gone' });
    expect(status?.messages[0]?.content).toBe('so far');
    await server.call(updateStatus, { executionId: id, status: { phase: 3 } }, 'worker');
    expect((await server.call(get, { value: id })).status?.phase).toBe(4);
  });
});
