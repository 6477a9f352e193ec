import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type AgentExecution, AgentMessageSchema } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { ExecutionPhase, MessageType } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { AgentExecutionQueryController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { ExecutionControl } from '../src/contract/gen/stigmer/execution/v1/execution_pb.js';
import { codeOf, errorOf, serverStream, until } from './support/rpc.js';
import { collect, startTestServer, type TestServer } from './support/server.js';

const ai = (content: string) => create(AgentMessageSchema, { type: MessageType.MESSAGE_AI, content });

describe('an execution from beginning to end', () => {
  it('is created pending, reported, watched and subscribed, and ends', async () => {
    const server = await startTestServer();
    const execution = await server.createExecution();
    const id = execution.metadata!.id;
    expect(execution.status?.phase).toBe(ExecutionPhase.EXECUTION_PENDING);
    expect(execution.spec?.sessionId).toMatch(/^ses-/);
    expect(server.temporal.started.has(id)).toBe(true);

    const watch = await server.watch(id);
    const subscribe = collect(serverStream(server.client(), AgentExecutionQueryController.method.subscribe, { value: id }));
    expect((await watch.next()).item.case).toBe('snapshot');
    expect(await subscribe.next()).toMatchObject({ status: { phase: ExecutionPhase.EXECUTION_PENDING } });

    const runner = await server.hello();
    const lease = await runner.lease();
    const report = await server.report(id, 1, 'agent-runner-1', lease.leaseId);
    expect((await report.collected.next()).frame).toMatchObject({ case: 'ready', value: { acknowledgedSequence: 0n, messageCount: 0 } });
    report.events(1, { change: { case: 'messageAppended', value: { index: 0, message: ai('Hel') } } });
    report.events(2, { change: { case: 'textAppended', value: { index: 0, offset: 3n, text: 'lo' } } });
    report.events(3, { change: { case: 'phaseChanged', value: { phase: ExecutionPhase.EXECUTION_COMPLETED } } });
    report.stream.end();
    expect(await report.collected.ended).toMatchObject({ code: status.OK });
    expect(report.collected.messages.at(-1)?.frame).toMatchObject({ case: 'ack', value: { sequence: 3n } });

    expect(await watch.ended).toMatchObject({ code: status.OK });
    expect(watch.messages.at(-1)?.item).toMatchObject({ case: 'end', value: { phase: ExecutionPhase.EXECUTION_COMPLETED } });
    expect(await subscribe.ended).toMatchObject({ code: status.OK });
    expect(subscribe.messages.at(-1)).toMatchObject({ status: { phase: ExecutionPhase.EXECUTION_COMPLETED, messages: [{ content: 'Hello' }] } });

    const stored = await server.call(AgentExecutionQueryController.method.get, { value: id });
    expect(stored.status).toMatchObject({ phase: ExecutionPhase.EXECUTION_COMPLETED, messages: [{ content: 'Hello' }] });
    expect(stored.status?.startedAt).not.toBe('');
    expect(stored.status?.completedAt).not.toBe('');
  });

  it('takes full statuses from an old runner, and answers the whole execution', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    const watch = await server.watch(id);
    await watch.next();
    const update = (phase: ExecutionPhase, ...messages: string[]) =>
      server.call(AgentExecutionCommandController.method.updateStatus, { executionId: id, status: { phase, messages: messages.map(ai) } });
    expect((await update(ExecutionPhase.EXECUTION_IN_PROGRESS, 'one')).status).toMatchObject({ messages: [{ content: 'one' }] });
    expect((await update(ExecutionPhase.EXECUTION_IN_PROGRESS, 'one', 'two')).status?.messages).toHaveLength(2);
    const last = await update(ExecutionPhase.EXECUTION_COMPLETED, 'one', 'two', 'three');
    expect(last.spec?.message).toBe('hello');
    expect(last.status).toMatchObject({ phase: ExecutionPhase.EXECUTION_COMPLETED });
    expect(last.status?.audit?.specAudit?.event).toBe('created');
    expect(await watch.ended).toMatchObject({ code: status.OK });
    const error = await errorOf(update(ExecutionPhase.EXECUTION_IN_PROGRESS, 'again'));
    expect(error.code).toBe(status.FAILED_PRECONDITION);
  });
});

describe('around the end', () => {
  it('gives every subscriber and watcher the final state and the end of the stream, whenever it comes', async () => {
    const server = await startTestServer();
    const agent = await server.createAgent();
    const clients = [server.client(), server.client(), server.client()];
    for (let round = 0; round < 25; round += 1) {
      const id = (await server.createExecution({ agentId: agent.metadata!.id })).metadata!.id;
      const streams: { ended: Promise<{ code: number }>; phases(): (number | undefined)[] }[] = [];
      const join = async (client: (typeof clients)[number]): Promise<void> => {
        const subscription = collect<AgentExecution>(serverStream(client, AgentExecutionQueryController.method.subscribe, { value: id }));
        streams.push({ ended: subscription.ended, phases: () => subscription.messages.map((message) => message.status?.phase) });
        const watching = await server.watch(id, undefined, client);
        streams.push({ ended: watching.ended, phases: () => watching.messages.map(({ item }) => (item.case === 'end' ? item.value.phase : undefined)) });
      };
      const joining = clients.map(async (client, place) => {
        await new Promise((resolve) => setTimeout(resolve, place * 2 + (round % 5)));
        await join(client);
      });
      const updates = (async () => {
        for (let n = 1; n <= 5; n += 1) await server.call(AgentExecutionCommandController.method.updateStatus, { executionId: id, status: { phase: 2, messages: [ai(`${n}`)] } });
        await server.call(AgentExecutionCommandController.method.updateStatus, { executionId: id, status: { phase: 3 } });
      })();
      await Promise.all([...joining, updates]);
      await join(clients[0]!);
      for (const stream of streams) {
        expect(await stream.ended).toMatchObject({ code: status.OK });
        expect(stream.phases().at(-1)).toBe(3);
        expect(stream.phases().filter((phase) => phase === 3)).toHaveLength(1);
      }
    }
  });

  it('keeps what two writers send at the same time', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    const { updateStatus } = AgentExecutionCommandController.method;
    const say = async (): Promise<void> => {
      for (let n = 1; n <= 40; n += 1) await server.call(updateStatus, { executionId: id, status: { messages: Array.from({ length: n }, (_unused, at) => ai(`${at}`)) } });
    };
    const use = async (): Promise<void> => {
      for (let n = 1; n <= 40; n += 1) {
        await server.call(updateStatus, { executionId: id, status: { toolCalls: Array.from({ length: n }, (_unused, at) => ({ id: `call-${at}`, name: 'read' })) } });
      }
    };
    await Promise.all([say(), use()]);
    const { status: stored } = await server.call(AgentExecutionQueryController.method.get, { value: id });
    expect(stored?.messages.filter(({ type }) => type === MessageType.MESSAGE_AI).map(({ content }) => content)).toEqual(Array.from({ length: 40 }, (_unused, at) => `${at}`));
    expect(stored?.toolCalls.map(({ id: callId }) => callId)).toEqual(Array.from({ length: 40 }, (_unused, at) => `call-${at}`));
  });

  it('reopens nothing: a late update, report and cancellation are refused', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    await server.call(AgentExecutionCommandController.method.updateStatus, { executionId: id, status: { phase: 4, error: 'no model' } });
    expect(await codeOf(server.call(AgentExecutionCommandController.method.updateStatus, { executionId: id, status: { phase: 2 } }))).toBe(status.FAILED_PRECONDITION);
    expect(await codeOf(server.call(AgentExecutionCommandController.method.updateStatus, { executionId: id, status: { phase: 4 } }))).toBe(status.OK);
    expect(await codeOf(server.call(ExecutionControl.method.cancel, { executionId: id }))).toBe(status.FAILED_PRECONDITION);
    const report = await server.report(id);
    expect((await report.collected.next()).frame).toMatchObject({ case: 'stop' });
    expect((await server.call(AgentExecutionQueryController.method.get, { value: id })).status).toMatchObject({ phase: 4, error: 'no model' });
  });
});

describe('a subscriber that stops reading', () => {
  it('costs nobody else anything, is bounded, and hears of the end when it reads again', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    const slow = collect<AgentExecution>(serverStream(server.client(), AgentExecutionQueryController.method.subscribe, { value: id }));
    await slow.next();
    slow.pause();
    const quick = await server.watch(id);
    const text = 'x'.repeat(20_000);
    const before = process.memoryUsage().heapUsed;
    for (let n = 1; n <= 150; n += 1) {
      await server.call(AgentExecutionCommandController.method.updateStatus, { executionId: id, status: { phase: 2, messages: [ai(`${n}${text}`)] } });
    }
    await server.call(AgentExecutionCommandController.method.updateStatus, { executionId: id, status: { phase: 3 } });
    expect(await quick.ended).toMatchObject({ code: status.OK });
    globalThis.gc?.();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(150_000_000);
    slow.resume();
    expect(await slow.ended).toMatchObject({ code: status.OK });
    expect(slow.messages.at(-1)).toMatchObject({ status: { phase: 3, messages: [{ content: `150${text}` }] } });
    expect(slow.messages.length).toBeLessThan(120);
  });

  it('is cut off from a watch when it takes nothing for too long, and resumes where it was', async () => {
    const server = await startTestServer({ env: { STIGMER_WATCH_STALL_SECONDS: '1' } });
    const id = (await server.createExecution()).metadata!.id;
    const slow = await server.watch(id, undefined, server.client({ 'grpc-node.flow_control_window': 65_535 }));
    await slow.next();
    slow.pause();
    const text = 'x'.repeat(20_000);
    const write = async (n: number): Promise<unknown> =>
      server.call(AgentExecutionCommandController.method.updateStatus, { executionId: id, status: { phase: 2, messages: [ai(`${n}${text}`)] } });
    for (let n = 1; n <= 100; n += 1) await write(n);
    await until(async () => (await (await fetch(`${server.httpUrl}/metrics`)).text()).includes('stigmer_broker_cut_offs_total 1'));
    slow.resume();
    // The words of grpc-js for a stream that was reset with ENHANCE_YOUR_CALM: the status itself had no way past what was not taken.
    expect(await slow.ended).toMatchObject({ code: status.RESOURCE_EXHAUSTED, details: expect.stringContaining('Bandwidth exhausted') as string });
    const last = slow.messages.findLast(({ item }) => item.case === 'deltas' || item.case === 'snapshot')!.item;
    const revision = last.case === 'deltas' ? last.value.lastRevision : last.case === 'snapshot' ? last.value.at!.revision : 0n;
    const first = slow.messages[0]!.item;
    const resumed = await server.watch(id, { logId: first.case === 'snapshot' ? first.value.at!.logId : '', revision });
    await write(101);
    await server.call(AgentExecutionCommandController.method.updateStatus, { executionId: id, status: { phase: 3 } });
    expect(await resumed.ended).toMatchObject({ code: status.OK });
    expect(resumed.messages.at(-1)?.item).toMatchObject({ case: 'end', value: { phase: 3 } });
  });
});

describe('resuming a watch', () => {
  it('gives what was missed and nothing twice, also after a restart', async () => {
    const stateDir = await mkdtemp(join(tmpdir(), 'stigmer-resume-'));
    onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
    const first = await startTestServer({ stateDir });
    const id = (await first.createExecution()).metadata!.id;
    const watch = await first.watch(id);
    const snapshot = (await watch.next()).item;
    const at = snapshot.case === 'snapshot' ? snapshot.value.at! : undefined;
    const say = (server: TestServer, count: number): Promise<unknown> =>
      server.call(AgentExecutionCommandController.method.updateStatus, { executionId: id, status: { phase: 2, messages: Array.from({ length: count }, (_unused, n) => ai(`${n}`)) } });
    await say(first, 1);
    await first.stop();
    expect(await watch.ended).toMatchObject({ code: status.UNAVAILABLE });

    const second = await startTestServer({ stateDir });
    await say(second, 3);
    const resumed = await second.watch(id, { logId: at!.logId, revision: at!.revision });
    await second.call(AgentExecutionCommandController.method.updateStatus, { executionId: id, status: { phase: 3 } });
    expect(await resumed.ended).toMatchObject({ code: status.OK });
    expect(resumed.messages.some(({ item }) => item.case === 'snapshot')).toBe(false);
    const texts = resumed.messages.flatMap(({ item }) => (item.case === 'deltas' ? item.value.events : [])).flatMap(({ change }) => (change.case === 'messageAppended' ? [change.value.message?.content] : []));
    expect(texts).toEqual(['0', '1', '2']);
  });

  it('refuses to watch what is not there, and what has no name', async () => {
    const server = await startTestServer();
    const { subscribe } = AgentExecutionQueryController.method;
    expect(await (await server.watch('aex-none')).ended).toMatchObject({ code: status.NOT_FOUND });
    expect(await (await server.watch('')).ended).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(await collect(serverStream(server.client(), subscribe, { value: 'aex-none' })).ended).toMatchObject({
      code: status.NOT_FOUND,
      details: 'AgentExecution not found: aex-none',
    });
    expect(await collect(serverStream(server.client(), subscribe, { value: '' })).ended).toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it('gives a snapshot marked resync for a point of another log', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    const watch = await server.watch(id, { logId: 'another', revision: 3n });
    expect((await watch.next()).item).toMatchObject({ case: 'snapshot', value: { resync: true } });
  });
});
