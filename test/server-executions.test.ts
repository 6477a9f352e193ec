import { create } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { AgentMessageSchema } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { ExecutionPhase, MessageType } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { AgentExecutionQueryController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { collect, startTestServer } from './support/server.js';
import { errorOf, serverStream } from './support/rpc.js';

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
