import { status } from '@grpc/grpc-js';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AgentExecutionCommandController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { AgentExecutionQueryController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { WorkflowExecutionCommandController } from '../src/contract/gen/ai/stigmer/agentic/workflowexecution/v1/command_pb.js';
import { WorkflowExecutionQueryController } from '../src/contract/gen/ai/stigmer/agentic/workflowexecution/v1/query_pb.js';
import { ExecutionStream, ListChange_Kind as Kind, type WatchListResponse } from '../src/contract/gen/stigmer/stream/v1/stream_pb.js';
import { oldRunner } from './support/old-runner.js';
import { serverStream, until } from './support/rpc.js';
import { type Collected, collect, startTestServer, type TestServer } from './support/server.js';

const { updateStatus, delete: deleteMethod } = AgentExecutionCommandController.method;
const { get } = AgentExecutionQueryController.method;

async function watchList(server: TestServer, request: { sessionId?: string; phases?: number[] } = {}): Promise<Collected<WatchListResponse>> {
  return collect(serverStream(server.client(), ExecutionStream.method.watchList, request, await server.as()));
}

const change = (response: WatchListResponse) =>
  response.item.case === 'change' ? { kind: response.item.value.kind, id: response.item.value.execution!.executionId, phase: response.item.value.execution!.phase } : undefined;

describe('WatchList', () => {
  it('gives the list, then what is added, changed and removed', async () => {
    const server = await startTestServer();
    const agentId = (await server.createAgent()).metadata!.id;
    const first = (await server.createExecution({ agentId })).metadata!.id;
    const list = await watchList(server);
    const snapshot = (await list.next()).item;
    expect(snapshot.case === 'snapshot' && snapshot.value.executions.map(({ executionId }) => executionId)).toEqual([first]);
    const second = (await server.createExecution({ agentId })).metadata!.id;
    expect(change(await list.next())).toEqual({ kind: Kind.ADDED, id: second, phase: 1 });
    await server.call(updateStatus, { executionId: first, status: { phase: 2, messages: [{ type: 2, content: 'a' }] } });
    expect(change(await list.next())).toEqual({ kind: Kind.CHANGED, id: first, phase: 2 });
    // What only adds to the conversation is no news for a list.
    await server.call(updateStatus, { executionId: first, status: { messages: [{ type: 2, content: 'ab' }] } });
    await server.call(deleteMethod, { value: second });
    expect(change(await list.next())).toEqual({ kind: Kind.REMOVED, id: second, phase: 1 });
    await server.call(updateStatus, { executionId: first, status: { phase: 3 } });
    expect(change(await list.next())).toEqual({ kind: Kind.CHANGED, id: first, phase: 3 });
  });

  it('keeps to its filter: an execution that leaves it is removed', async () => {
    const server = await startTestServer();
    const one = await server.createExecution();
    const { sessionId } = one.spec!;
    const pending = await watchList(server, { sessionId, phases: [1] });
    await pending.next();
    await server.createExecution();
    const two = (await server.createExecution({ sessionId })).metadata!.id;
    expect(change(await pending.next())).toEqual({ kind: Kind.ADDED, id: two, phase: 1 });
    await server.call(updateStatus, { executionId: two, status: { phase: 2 } });
    expect(change(await pending.next())).toMatchObject({ kind: Kind.REMOVED, id: two });
  });

  it('joins what happens while its reader is slow', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    const list = await watchList(server);
    await list.next();
    list.pause();
    for (const phase of [2, 3]) await server.call(updateStatus, { executionId: id, status: { phase } });
    list.resume();
    await until(() => list.messages.some((message) => change(message)?.phase === 3));
    expect(list.messages.length).toBeLessThanOrEqual(4);
  });

  it('ends with UNAVAILABLE when the server stops', async () => {
    const server = await startTestServer();
    const list = await watchList(server);
    await list.next();
    await server.stop();
    expect(await list.ended).toMatchObject({ code: status.UNAVAILABLE });
  });
});

describe('workflow executions', () => {
  it('are created, listed by workflow and instance, reported task by task, and subscribed to', async () => {
    const server = await startTestServer();
    const id = await server.createWorkflowExecution();
    expect(server.temporal.started.has(id)).toBe(true);
    const query = WorkflowExecutionQueryController.method;
    const { spec } = await server.call(query.get, { value: id });
    for (const workflowId of [spec!.workflowId, spec!.workflowInstanceId]) {
      expect((await server.call(query.listByWorkflow, { workflowId })).entries.map(({ metadata }) => metadata?.id)).toEqual([id]);
    }
    const subscription = collect<{ status?: { phase: number; tasks: { taskId: string; status: number }[] } }>(
      serverStream(server.client(), query.subscribe, { executionId: id }),
    );
    const update = WorkflowExecutionCommandController.method.updateStatus;
    await server.call(update, { executionId: id, status: { phase: 2, tasks: [{ taskId: 'one', taskName: 'one', status: 2 }] } });
    await server.call(update, { executionId: id, status: { tasks: [{ taskId: 'two', taskName: 'two', status: 2 }] } });
    await server.call(update, { executionId: id, status: { tasks: [{ taskId: 'one', taskName: 'one', status: 3 }] } });
    await server.call(update, { executionId: id, status: { phase: 3 } });
    expect(await subscription.ended).toMatchObject({ code: status.OK });
    expect(subscription.messages.at(-1)?.status).toMatchObject({ phase: 3, tasks: [{ taskId: 'one', status: 3 }, { taskId: 'two', status: 2 }] });
  });
});

describe('two servers on one database', () => {
  it('take updates of one execution at the same time, and each shows its watchers what the other took', async () => {
    const stateDir = await mkdtemp(join(tmpdir(), 'stigmer-two-'));
    const [one, two] = [await startTestServer({ stateDir }), await startTestServer({ stateDir })];
    onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
    const id = (await one.createExecution()).metadata!.id;
    const watches = [await one.watch(id), await two.watch(id)];
    const count = 30;
    const say = async (server: TestServer, name: string): Promise<void> => {
      for (let n = 1; n <= count; n += 1) {
        const toolCalls = Array.from({ length: n }, (_unused, at) => ({ id: `${name}-${at}`, name: 'read' }));
        await server.call(updateStatus, { executionId: id, status: name === 'one' ? { toolCalls } : { subAgentExecutions: toolCalls } });
      }
    };
    await Promise.all([say(one, 'one'), say(two, 'two')]);
    await one.call(updateStatus, { executionId: id, status: { phase: 3 } });
    for (const server of [one, two]) {
      const { status: stored } = await server.call(get, { value: id });
      expect(stored?.toolCalls).toHaveLength(count);
      expect(stored?.subAgentExecutions).toHaveLength(count);
    }
    for (const watch of watches) {
      expect(await watch.ended).toMatchObject({ code: status.OK });
      expect(watch.messages.at(-1)?.item).toMatchObject({ case: 'end', value: { phase: 3 } });
    }
  });
});

describe('the original’s runner', () => {
  it('does its work with what it knows: reads, and full statuses with a dummy key', async () => {
    const server = await startTestServer();
    const execution = await server.createExecution();
    const runner = oldRunner(server.endpoint);
    const final = await runner.run(execution);
    expect(final).toMatchObject({ phase: 3 });
    expect(final.messages[0]?.content).toBe('Let me look. The answer is 42.');
    expect(final.toolCalls).toMatchObject([{ id: 'run-1', result: 'forty-two', status: 3 }]);
  });
});
