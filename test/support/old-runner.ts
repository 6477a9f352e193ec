import { clone, create, type JsonObject } from '@bufbuild/protobuf';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { NativeConnection, Worker } from '@temporalio/worker';
import { Context } from '@temporalio/activity';
import { AgentInstanceQueryController } from '../../src/contract/gen/ai/stigmer/agentic/agentinstance/v1/query_pb.js';
import { AgentQueryController } from '../../src/contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import {
  type AgentExecution,
  AgentExecutionSchema,
  type AgentExecutionStatus,
  AgentExecutionStatusSchema,
  type AgentMessage,
  AgentMessageSchema,
  ToolCallSchema,
} from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { MessageType, ToolCallStatus } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { SessionQueryController } from '../../src/contract/gen/ai/stigmer/agentic/session/v1/query_pb.js';
import { Phase } from '../../src/contract/phases.js';
import { fromProtoJson, toProtoJson } from '../../src/contract/proto-json.js';
import { AGENT_EXECUTION_STATUS, DEFAULT_QUEUES } from '../../src/workflows/names.js';
import { type ProtoPayload, protoPayload } from '../../src/workflows/payloads/proto-payload.js';
import { unary } from './rpc.js';
import { compilePayloadConverter } from './workflow-bundle.js';

/** What the agent's library tells the original's runner while it works. */
export type LoopEvent =
  | { readonly type: 'token'; readonly text: string }
  | { readonly type: 'tool start'; readonly id: string; readonly name: string; readonly args: JsonObject }
  | { readonly type: 'tool end'; readonly id: string; readonly result: string }
  /** One of the many that it only counts. */
  | { readonly type: 'other' };

/** What the agent does with a message. A throw is a failure of the agent. */
export type OldScript = (message: string) => AsyncIterable<LoopEvent> | Iterable<LoopEvent>;

/** Its own numbers: a full status after so many events, a heartbeat after so many. */
const EVENTS_PER_STATUS = 10;
const EVENTS_PER_HEARTBEAT = 5;

const lookOnce: OldScript = () => [
  { type: 'token', text: 'Let me look. ' },
  { type: 'tool start', id: 'run-1', name: 'read_file', args: { file_path: '/a' } },
  { type: 'tool end', id: 'run-1', result: 'forty-two' },
  ...['The ', 'answer ', 'is 42.'].map((text): LoopEvent => ({ type: 'token', text })),
];

/**
 * A runner that speaks to the server as the original's agent-runner does: it reads session, instance and agent, and sends its full status
 * after every ten events and at the end. It has a dummy key, no lease and no Report; its times have no zone, its model's text stands in
 * one message for the whole run, and a tool call stands twice, in a message of its own and in the list.
 */
export function oldRunner(endpoint: string, script: OldScript = lookOnce) {
  const metadata = new Metadata();
  metadata.set('authorization', 'Bearer dummy-local-key');

  return {
    /** Works on it to its end, and gives the status that Temporal is told. Never throws. */
    async run({ metadata: execution, spec, status: given }: AgentExecution, heartbeat: (details: object) => void = () => undefined): Promise<AgentExecutionStatus> {
      // A channel of each run's own.
      const client = new Client(endpoint, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1, 'grpc.max_receive_message_length': 4 * 1024 * 1024 });
      const status = given === undefined ? create(AgentExecutionStatusSchema) : clone(AgentExecutionStatusSchema, given);
      const send = (): Promise<unknown> => unary(client, AgentExecutionCommandController.method.updateStatus, { executionId: execution!.id, status }, metadata);
      try {
        const session = await unary(client, SessionQueryController.method.get, { value: spec!.sessionId }, metadata);
        const instance = await unary(client, AgentInstanceQueryController.method.get, { value: session.spec!.agentInstanceId }, metadata);
        await unary(client, AgentQueryController.method.get, { value: instance.spec!.agentId }, metadata);
        status.phase = Phase.IN_PROGRESS;
        let [events, sentAt] = [0, 0];
        for await (const event of script(spec!.message)) {
          take(status, event);
          events += 1;
          if (events % EVENTS_PER_HEARTBEAT === 0) {
            heartbeat({ events_processed: events, messages: status.messages.length, tool_calls: status.toolCalls.length, phase: status.phase });
          }
          if (events - sentAt < EVENTS_PER_STATUS) continue;
          // One that fails is tried again with the next event.
          sentAt = await send().then(
            () => events,
            () => sentAt,
          );
        }
        status.phase = Phase.COMPLETED;
      } catch (error) {
        status.messages.push(create(AgentMessageSchema, { type: MessageType.MESSAGE_SYSTEM, content: `❌ Error: Execution failed: ${(error as Error).message}`, timestamp: now() }));
        status.phase = Phase.FAILED;
      }
      // Whether this one is heard or not: Temporal is told as well.
      await send().catch(() => undefined);
      client.close();
      return status;
    },
  };
}

export interface OldRunnerWorker {
  /** Ids of the executions that it is through with. */
  readonly finished: readonly string[];
  stop(): Promise<void>;
}

/** The same as a worker of Temporal's, which polls the queue of agent-runners. */
export async function pollAsOldRunner(options: { readonly endpoint: string; readonly temporalAddress: string; readonly script: OldScript }): Promise<OldRunnerWorker> {
  const runner = oldRunner(options.endpoint, options.script);
  const finished: string[] = [];
  const converter = compilePayloadConverter();
  const connection = await NativeConnection.connect({ address: options.temporalAddress });
  const worker = await Worker.create({
    connection,
    taskQueue: DEFAULT_QUEUES.agentRunner,
    dataConverter: { payloadConverterPath: converter.path },
    shutdownForceTime: 1_000,
    activities: {
      EnsureThread: async (sessionId: string) => `thread-${sessionId}`,
      CleanupSandbox: async () => null,
      ExecuteGraphton: async (execution: ProtoPayload) => {
        const message = fromProtoJson(AgentExecutionSchema, execution.json as JsonObject);
        const status = await runner.run(message, (details) => Context.current().heartbeat(details));
        finished.push(message.metadata!.id);
        return protoPayload(AGENT_EXECUTION_STATUS, toProtoJson(AgentExecutionStatusSchema, status));
      },
    },
  });
  const ended = worker.run();
  return {
    finished,
    async stop() {
      worker.shutdown();
      await ended;
      await connection.close();
      converter.remove();
    },
  };
}

function take({ messages, toolCalls }: AgentExecutionStatus, event: LoopEvent): void {
  switch (event.type) {
    case 'token':
      textHome(messages).content += event.text;
      break;
    case 'tool start': {
      const { id, name, args } = event;
      const call = create(ToolCallSchema, { id, name, args, status: ToolCallStatus.TOOL_CALL_PENDING, startedAt: now() });
      messages.push(create(AgentMessageSchema, { type: MessageType.MESSAGE_TOOL, toolCalls: [call], timestamp: now() }));
      toolCalls.push(clone(ToolCallSchema, call));
      break;
    }
    case 'tool end': {
      const ending = { result: event.result, status: ToolCallStatus.TOOL_CALL_COMPLETED, completedAt: now() };
      for (const call of [...toolCalls, ...messages.flatMap((message) => message.toolCalls)].filter(({ id }) => id === event.id)) {
        Object.assign(call, ending);
      }
      break;
    }
    case 'other':
      break;
  }
}

/** All that the model says goes into the last message of an AI, wherever that stands. */
function textHome(messages: AgentMessage[]): AgentMessage {
  const last = messages.findLast(({ type }) => type === MessageType.MESSAGE_AI);
  if (last !== undefined) return last;
  const first = create(AgentMessageSchema, { type: MessageType.MESSAGE_AI, timestamp: now() });
  messages.push(first);
  return first;
}

/** UTC, with microseconds and without a zone. */
const now = (): string => new Date().toISOString().replace('Z', '123');
