import { create } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { AgentMessageSchema } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { AgentExecutionQueryController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { ExecutionControl } from '../src/contract/gen/stigmer/execution/v1/execution_pb.js';
import { RunnerService } from '../src/contract/gen/stigmer/runner/v1/runner_pb.js';
import { ExecutionStream } from '../src/contract/gen/stigmer/stream/v1/stream_pb.js';
import { SystemService } from '../src/contract/gen/stigmer/system/v1/system_pb.js';
import { codeOf, errorOf, serverStream, until } from './support/rpc.js';
import { collect, startTestServer, type TestServer } from './support/server.js';

const { get } = AgentExecutionQueryController.method;
const said = (index: number, content: string) =>
  ({ change: { case: 'messageAppended', value: { index, message: create(AgentMessageSchema, { type: 2, content }) } } }) as const;
const phase = (value: number) => ({ change: { case: 'phaseChanged', value: { phase: value } } }) as const;
const contentsOf = async (server: TestServer, id: string) => (await server.call(get, { value: id })).status!.messages.map(({ content }) => content);

describe('Hello', () => {
  it('gives a lease, which the system status shows, and takes it back with the stream', async () => {
    const server = await startTestServer();
    const runner = await server.hello();
    const lease = await runner.lease();
    expect(lease).toMatchObject({ ttlMs: 5_000, serverVersion: '0.1.0' });
    const components = async () => (await server.call(SystemService.method.getStatus, {})).components;
    expect((await components()).find(({ name }) => name === 'agent-runner-1')).toMatchObject({ state: 2, address: server.endpoint, slots: 2 });
    runner.stream.cancel();
    await until(async () => (await components()).some(({ name, state }) => name === 'agent-runner' && state === 4));
  });

  it('ends the lease when no heartbeat comes, and keeps it while they do', async () => {
    const server = await startTestServer({ settings: { leaseTtlMs: 300 } });
    const runner = await server.hello();
    await runner.lease();
    for (let n = 0; n < 5; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      runner.beat();
    }
    expect(await runner.collected.ended).toMatchObject({ code: status.UNAVAILABLE, details: expect.stringContaining('no heartbeat') as string });
  });

  it('refuses who does not fit: another version, another’s token, a malformed introduction', async () => {
    const server = await startTestServer();
    const endOf = async (name: string, introduction: object, as = name): Promise<{ code: number; details: string }> =>
      (await server.hello(as, { name, ...introduction })).collected.ended;
    expect(await endOf('agent-runner-1', { version: '0.3.0' })).toMatchObject({ code: status.FAILED_PRECONDITION, details: expect.stringMatching(/0\.3\.0.*0\.1\.0/) as string });
    expect(await endOf('agent-runner-1', { version: '1.0.0' })).toMatchObject({ code: status.FAILED_PRECONDITION });
    expect(await endOf('agent-runner-1', { version: 'new' })).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(await endOf('agent-runner-2', {}, 'agent-runner-1')).toMatchObject({ code: status.PERMISSION_DENIED });
    expect(await endOf('agent-runner-1', { component: 'worker' })).toMatchObject({ code: status.PERMISSION_DENIED });
    expect(await endOf('agent-runner-1', { taskQueues: [] })).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(await endOf('agent-runner-1', { slots: 0 })).toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it('gives the lease to the newest stream of a name', async () => {
    const server = await startTestServer();
    const first = await server.hello();
    await first.lease();
    const second = await server.hello();
    await second.lease();
    expect(await first.collected.ended).toMatchObject({ code: status.ABORTED });
  });
});

describe('Claim', () => {
  it('wants a lease of the caller’s own, for that kind of work', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    const { claim } = RunnerService.method;
    const mine = await (await server.hello('agent-runner-1')).lease();
    const other = await (await server.hello('agent-runner-2', { taskQueues: ['another_queue'] })).lease();
    expect(await codeOf(server.call(claim, { executionId: id, attempt: 1, leaseId: 'none' }, 'agent-runner-1'))).toBe(status.FAILED_PRECONDITION);
    expect(await codeOf(server.call(claim, { executionId: id, attempt: 1, leaseId: mine.leaseId }, 'agent-runner-2'))).toBe(status.PERMISSION_DENIED);
    expect(await codeOf(server.call(claim, { executionId: id, attempt: 1, leaseId: other.leaseId }, 'agent-runner-2'))).toBe(status.PERMISSION_DENIED);
    expect(await codeOf(server.call(claim, { executionId: 'aex-none', attempt: 1, leaseId: mine.leaseId }, 'agent-runner-1'))).toBe(status.NOT_FOUND);
    expect(await codeOf(server.call(claim, { executionId: id, attempt: 0, leaseId: mine.leaseId }, 'agent-runner-1'))).toBe(status.INVALID_ARGUMENT);
    expect(await codeOf(server.call(claim, { executionId: id, attempt: 1, leaseId: mine.leaseId }, 'agent-runner-1'))).toBe(status.OK);
  });
});

describe('a runner’s token', () => {
  it('cannot watch, cancel, apply or delete', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    const as = 'agent-runner-1';
    expect(await codeOf(server.call(ExecutionControl.method.cancel, { executionId: id }, as))).toBe(status.PERMISSION_DENIED);
    expect(await codeOf(server.call(AgentExecutionCommandController.method.delete, { value: id }, as))).toBe(status.PERMISSION_DENIED);
    const watch = collect(serverStream(server.client(), ExecutionStream.method.watch, { executionId: id }, await server.as(as)));
    expect(await watch.ended).toMatchObject({ code: status.PERMISSION_DENIED });
  });
});

describe('Report', () => {
  it('knows repeats after a break, and after a restart of the server', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    const first = await server.report(id);
    await first.collected.next();
    first.events(1, said(0, 'a'), said(1, 'b'));
    await first.collected.next();
    first.stream.cancel();
    const second = await server.report(id);
    expect((await second.collected.next()).frame).toMatchObject({ case: 'ready', value: { acknowledgedSequence: 2n, messageCount: 2 } });
    second.events(2, said(1, 'b'), said(2, 'c'));
    expect((await second.collected.next()).frame).toMatchObject({ case: 'ack', value: { sequence: 3n } });
    expect(await contentsOf(server, id)).toEqual(['a', 'b', 'c']);
    await server.stop();
    const restarted = await startTestServer({ stateDir: server.stateDir });
    const third = await restarted.report(id);
    expect((await third.collected.next()).frame).toMatchObject({ case: 'ready', value: { acknowledgedSequence: 3n } });
    third.events(1, said(0, 'a'), said(1, 'b'), said(2, 'c'), said(3, 'd'));
    await third.collected.next();
    expect(await contentsOf(restarted, id)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('refuses gaps, empty and overlong messages, and anything before open', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    const endOf = async (act: (report: Awaited<ReturnType<TestServer['report']>>) => void): Promise<number> => {
      const report = await server.report(id);
      await report.collected.next();
      act(report);
      return (await report.collected.ended).code;
    };
    expect(await endOf((report) => report.events(5, said(0, 'gap')))).toBe(status.INVALID_ARGUMENT);
    expect(await endOf((report) => report.events(1))).toBe(status.INVALID_ARGUMENT);
    expect(await endOf((report) => report.events(1, ...Array.from({ length: 65 }, (_unused, n) => said(n, ''))))).toBe(status.INVALID_ARGUMENT);
    expect(await endOf((report) => report.events(1, said(3, 'no such place')))).toBe(status.INVALID_ARGUMENT);
    expect(await endOf((report) => report.events(1, { change: { case: 'textAppended', value: { index: 0, offset: 7n, text: 'x' } } }))).toBe(status.INVALID_ARGUMENT);
    expect((await (await server.report('aex-none')).collected.ended).code).toBe(status.NOT_FOUND);
    expect((await (await server.report(id, 0)).collected.ended).code).toBe(status.INVALID_ARGUMENT);
    expect(await contentsOf(server, id)).toEqual([]);
  });

  it('gives the run to the newest attempt, and stops the one before', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    const old = await server.report(id, 1);
    await old.collected.next();
    old.events(1, said(0, 'from the first'));
    await old.collected.next();
    const young = await server.report(id, 2);
    expect((await young.collected.next()).frame).toMatchObject({ case: 'ready', value: { acknowledgedSequence: 0n, messageCount: 1 } });
    expect((await old.collected.next()).frame).toMatchObject({ case: 'stop' });
    young.events(1, said(1, 'from the second'));
    await young.collected.next();
    expect((await (await server.report(id, 1)).collected.ended).code).toBe(status.FAILED_PRECONDITION);
    expect(await contentsOf(server, id)).toEqual(['from the first', 'from the second']);
  });

  it('acknowledges in order what many messages bring, and shows it to a watcher without a gap', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    const watch = await server.watch(id);
    await watch.next();
    const report = await server.report(id);
    await report.collected.next();
    const texts = Array.from({ length: 2_000 }, (_unused, n) => `${n},`);
    let sequence = 1;
    let offset = 0;
    report.events(sequence, said(0, ''));
    for (const text of texts) {
      sequence += 1;
      report.events(sequence, { change: { case: 'textAppended', value: { index: 0, offset: BigInt(offset), text } } });
      offset += text.length;
    }
    report.events(sequence + 1, phase(3));
    report.stream.end();
    expect(await report.collected.ended).toMatchObject({ code: status.OK });
    const acknowledged = report.collected.messages.flatMap(({ frame }) => (frame.case === 'ack' ? [Number(frame.value.sequence)] : []));
    expect(acknowledged).toEqual(acknowledged.toSorted((a, b) => a - b));
    expect(acknowledged.at(-1)).toBe(sequence + 1);
    expect(await watch.ended).toMatchObject({ code: status.OK });
    const deltas = watch.messages.flatMap(({ item }) => (item.case === 'deltas' ? [item.value] : []));
    for (let n = 1; n < deltas.length; n += 1) expect(deltas[n]!.firstRevision).toBe(deltas[n - 1]!.lastRevision + 1n);
    expect(await contentsOf(server, id)).toEqual([texts.join('')]);
  });

  it('passes a runner’s notices to watchers, and takes them back', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    const report = await server.report(id);
    await report.collected.next();
    report.notice({ code: 'MODEL_UNREACHABLE', text: 'the model does not answer', address: 'localhost:11434' });
    const watch = await server.watch(id);
    await until(() => watch.messages.some(({ item }) => item.case === 'notice' && item.value.code === 'MODEL_UNREACHABLE' && item.value.address === 'localhost:11434'));
    report.notice({ code: 'MODEL_UNREACHABLE', cleared: true });
    await until(() => watch.messages.some(({ item }) => item.case === 'notice' && item.value.cleared));
    report.notice({ code: 'not a code' });
    expect((await report.collected.ended).code).toBe(status.INVALID_ARGUMENT);
  });
});

describe('Cancel', () => {
  it('ends a run that nobody has begun at once', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    const watch = await server.watch(id);
    await watch.next();
    const answer = await server.call(ExecutionControl.method.cancel, { executionId: id, reason: 'not wanted' });
    expect(answer.execution).toMatchObject({ case: 'agent', value: { metadata: { id } } });
    expect(await watch.ended).toMatchObject({ code: status.OK });
    expect(watch.messages.at(-1)?.item).toMatchObject({ case: 'end', value: { phase: 5, error: 'not wanted' } });
    expect(server.temporal.cancelled).toContain(id);
    expect(await codeOf(server.call(ExecutionControl.method.cancel, { executionId: id }))).toBe(status.OK);
  });

  it('tells the runner, takes its last word, and refuses what comes after the end', async () => {
    const server = await startTestServer({ settings: { cancelGraceMs: 1_000 } });
    const id = (await server.createExecution()).metadata!.id;
    const runner = await server.hello();
    const lease = await runner.lease();
    const report = await server.report(id, 1, 'agent-runner-1', lease.leaseId);
    await report.collected.next();
    report.events(1, said(0, 'working'));
    await report.collected.next();
    await server.call(ExecutionControl.method.cancel, { executionId: id, reason: 'enough' });
    expect((await runner.collected.next()).frame).toMatchObject({ case: 'cancel', value: { executionId: id, reason: 'enough' } });
    report.events(2, said(1, 'last word'));
    await report.collected.next();
    expect((await report.collected.next()).frame).toMatchObject({ case: 'stop' });
    const { status: stored } = await server.call(get, { value: id });
    expect(stored).toMatchObject({ phase: 5, error: 'enough' });
    expect(await contentsOf(server, id)).toEqual(['working', 'last word']);
    expect((await errorOf(server.call(AgentExecutionCommandController.method.updateStatus, { executionId: id, status: { phase: 3 } }))).code).toBe(status.FAILED_PRECONDITION);
  });

  it('is carried out after a restart that comes in between', async () => {
    const server = await startTestServer({ settings: { cancelGraceMs: 2_000 } });
    const id = (await server.createExecution()).metadata!.id;
    await server.call(AgentExecutionCommandController.method.updateStatus, { executionId: id, status: { phase: 2 } });
    await server.call(ExecutionControl.method.cancel, { executionId: id, reason: 'enough' });
    await server.stop();
    const restarted = await startTestServer({ stateDir: server.stateDir });
    await until(async () => (await restarted.call(get, { value: id })).status?.phase === 5);
    expect((await restarted.call(get, { value: id })).status).toMatchObject({ phase: 5, error: 'enough' });
  });
});
