import { create } from '@bufbuild/protobuf';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { AgentInstanceQueryController } from '../../src/contract/gen/ai/stigmer/agentic/agentinstance/v1/query_pb.js';
import { AgentQueryController } from '../../src/contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { type AgentExecution, type AgentMessage, AgentMessageSchema, type ToolCall, ToolCallSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { SessionQueryController } from '../../src/contract/gen/ai/stigmer/agentic/session/v1/query_pb.js';
import { unary } from './rpc.js';

/**
 * A runner that speaks to the server as the original's agent-runner does: it reads session, instance and agent, and sends its full status
 * after every so many events and at the end. It has a dummy key, no lease and no Report; its times have no zone, its model's text stands
 * in one message for the whole run, and a tool call stands twice, in a message of its own and in the list.
 */
export function oldRunner(endpoint: string) {
  const client = new Client(endpoint, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1, 'grpc.max_receive_message_length': 4 * 1024 * 1024 });
  const metadata = new Metadata();
  metadata.set('authorization', 'Bearer dummy-local-key');
  const now = (): string => new Date().toISOString().replace('Z', '123');

  return {
    close: () => client.close(),
    async run({ metadata: execution, spec, status }: AgentExecution): Promise<AgentExecution> {
      const session = await unary(client, SessionQueryController.method.get, { value: spec!.sessionId }, metadata);
      const instance = await unary(client, AgentInstanceQueryController.method.get, { value: session.spec!.agentInstanceId }, metadata);
      await unary(client, AgentQueryController.method.get, { value: instance.spec!.agentId }, metadata);

      const messages: AgentMessage[] = [...(status?.messages ?? [])];
      const toolCalls: ToolCall[] = [];
      const send = (phase: number): Promise<AgentExecution> =>
        unary(client, AgentExecutionCommandController.method.updateStatus, { executionId: execution!.id, status: { phase, messages, toolCalls } }, metadata);

      messages.push(create(AgentMessageSchema, { type: 2, content: 'Let me look. ', timestamp: now() }));
      await send(2);
      const call = create(ToolCallSchema, { id: 'run-1', name: 'read_file', status: 1, startedAt: now() });
      messages.push(create(AgentMessageSchema, { type: 3, toolCalls: [call], timestamp: now() }));
      toolCalls.push(call);
      await send(2);
      call.result = 'forty-two';
      call.status = 3;
      call.completedAt = now();
      for (const text of ['The ', 'answer ', 'is 42.']) {
        messages[0]!.content += text;
        await send(2);
      }
      return send(3);
    },
  };
}
