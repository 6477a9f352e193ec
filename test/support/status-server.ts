import { create } from '@bufbuild/protobuf';
import { type sendUnaryData, Server, ServerCredentials, type ServerDuplexStream, type ServerUnaryCall } from '@grpc/grpc-js';
import { AgentExecutionSchema, type AgentExecutionStatus } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { WorkflowExecutionSchema, type WorkflowExecutionStatus } from '../../src/contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { WorkflowExecutionCommandController } from '../../src/contract/gen/ai/stigmer/agentic/workflowexecution/v1/command_pb.js';
import { type HelloRequest, type HelloResponse, HelloResponseSchema, type Introduction, RunnerService } from '../../src/contract/gen/stigmer/runner/v1/runner_pb.js';
import type { StigmerError } from '../../src/contract/errors.js';
import { grpcServiceDefinition } from '../../src/contract/services.js';

/** One call of updateStatus. */
export interface HeardStatus<S = AgentExecutionStatus | WorkflowExecutionStatus> {
  readonly executionId: string;
  readonly status: S;
  /** Content of `authorization`. */
  readonly authorization: string;
}

/** A server that hears how runs end, and gives leases: the part of stigmer-server that the worker talks to. */
export interface StatusServer {
  readonly address: string;
  readonly heard: HeardStatus[];
  readonly introductions: Introduction[];
  /** Answers a status: undefined takes it. Replaceable at any time. */
  answer: (call: HeardStatus) => StigmerError | undefined;
  /** Answers a Hello: undefined gives a lease. Replaceable at any time. */
  admit: (introduction: Introduction) => StigmerError | undefined;
  /** The next status of an execution, also one that was heard before and not asked for yet. */
  next<S = AgentExecutionStatus>(executionId: string): Promise<HeardStatus<S>>;
  /** Cuts every connection and refuses new ones, until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
}

interface UpdateInput {
  readonly executionId: string;
  readonly status?: AgentExecutionStatus | WorkflowExecutionStatus;
}

/** Starts it on a free port. */
export async function startStatusServer(): Promise<StatusServer> {
  const heard: HeardStatus[] = [];
  const unasked: HeardStatus[] = [];
  const waiting: { readonly executionId: string; readonly resolve: (heard: HeardStatus) => void }[] = [];
  const introductions: Introduction[] = [];

  const deliver = (call: HeardStatus): void => {
    heard.push(call);
    const index = waiting.findIndex(({ executionId }) => executionId === call.executionId);
    if (index === -1) unasked.push(call);
    else waiting.splice(index, 1)[0]?.resolve(call);
  };
  const update =
    <O>(response: O) =>
    (call: ServerUnaryCall<UpdateInput, O>, callback: sendUnaryData<O>): void => {
      const { executionId, status } = call.request;
      if (!status) throw new Error('no status');
      const one = { executionId, status, authorization: String(call.metadata.get('authorization')[0] ?? '') };
      const error = self.answer(one);
      deliver(one);
      if (error) callback({ code: error.code, details: error.message });
      else callback(null, response);
    };
  const hello = (call: ServerDuplexStream<HelloRequest, HelloResponse>): void => {
    call.on('data', ({ frame }: HelloRequest) => {
      if (frame.case !== 'introduction') return;
      introductions.push(frame.value);
      const refusal = self.admit(frame.value);
      if (refusal) {
        call.emit('error', { code: refusal.code, details: refusal.message });
        return;
      }
      call.write(create(HelloResponseSchema, { frame: { case: 'lease', value: { leaseId: `lease-${introductions.length}`, ttlMs: 15_000, serverVersion: '0.1.0' } } }));
    });
    call.on('end', () => call.end());
    call.on('error', () => undefined);
  };
  const listen = async (port: number): Promise<{ server: Server; port: number }> => {
    const server = new Server();
    server.addService(grpcServiceDefinition(AgentExecutionCommandController), { updateStatus: update(create(AgentExecutionSchema)) });
    server.addService(grpcServiceDefinition(WorkflowExecutionCommandController), { updateStatus: update(create(WorkflowExecutionSchema)) });
    server.addService(grpcServiceDefinition(RunnerService), { Hello: hello });
    const bound = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, number) => (error ? reject(error) : resolve(number)));
    });
    return { server, port: bound };
  };

  let running = await listen(0);
  const self: StatusServer = {
    address: `127.0.0.1:${running.port}`,
    heard,
    introductions,
    answer: () => undefined,
    admit: () => undefined,
    next: <S>(executionId: string) =>
      new Promise<HeardStatus<S>>((resolve) => {
        const take = resolve as (heard: HeardStatus) => void;
        const index = unasked.findIndex((one) => one.executionId === executionId);
        const [earlier] = index === -1 ? [] : unasked.splice(index, 1);
        if (earlier) take(earlier);
        else waiting.push({ executionId, resolve: take });
      }),
    down: async () => {
      running.server.forceShutdown();
    },
    up: async () => {
      running = await listen(running.port);
    },
  };
  return self;
}

