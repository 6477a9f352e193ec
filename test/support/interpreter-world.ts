import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { create, fromJson, type JsonValue, toJson } from '@bufbuild/protobuf';
import { type sendUnaryData, Server, ServerCredentials, type ServerDuplexStream, type ServerUnaryCall, type ServerWritableStream } from '@grpc/grpc-js';
import { Connection, WorkflowClient } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { NativeConnection, Worker } from '@temporalio/worker';
import { expect } from 'vitest';
import { RpcClient } from '../../src/client/rpc-client.js';
import { systemClock } from '../../src/contract/clock.js';
import { WorkflowExecutionSchema, type WorkflowExecutionStatus, WorkflowExecutionStatusSchema } from '../../src/contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { WorkflowExecutionCommandController } from '../../src/contract/gen/ai/stigmer/agentic/workflowexecution/v1/command_pb.js';
import { AgentSchema } from '../../src/contract/gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import { AgentQueryController } from '../../src/contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { type AgentExecution, AgentExecutionSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { MessageType } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { type CancelRequest, CancelResponseSchema, ExecutionControl } from '../../src/contract/gen/stigmer/execution/v1/execution_pb.js';
import { Phase } from '../../src/contract/phases.js';
import { ExecutionStream, type ReportRequest, type ReportResponse, ReportResponseSchema, type WatchRequest, type WatchResponse, WatchResponseSchema } from '../../src/contract/gen/stigmer/stream/v1/stream_pb.js';
import { grpcServiceDefinition } from '../../src/contract/services.js';
import { interpreterActivities } from '../../src/workflows/activities/interpreter.js';
import { executionActivities } from '../../src/workflows/activities/update-execution-status.js';
import { connectTemporal, type TemporalClient } from '../../src/workflows/client.js';
import { DEFAULT_QUEUES, workflowId } from '../../src/workflows/names.js';
import type { Variable } from '../../src/workflows/definitions/interpreter/interpreter-input.js';
import type { WorkflowDocument } from '../../src/workflow-document/document.js';
import type { Json } from '../../src/workflow-document/json.js';
import { validateText } from '../../src/workflow-document/validate.js';
import { startTemporal } from './temporal.js';
import { bundleWorkflows, compilePayloadConverter, quietTemporalRuntime } from './workflow-bundle.js';

export const HEAD = "document: {dsl: '1.0.0', namespace: lab, name: probe, version: '0.1.0'}\n";

/** A task as the server was told of it, last. */
export interface SeenTask {
  readonly taskId: string;
  readonly taskName: string;
  readonly status: string;
  readonly input?: Json;
  readonly output?: Json;
  readonly error?: string;
  readonly metadata?: Json;
  readonly startedAt?: string;
  readonly completedAt?: string;
}

export interface Ended {
  readonly id: string;
  readonly phase: string;
  readonly output: Json | undefined;
  readonly error: string;
  /** By their ids, in the order of their beginnings. */
  readonly tasks: readonly SeenTask[];
}

export interface RunSettings {
  readonly input?: Json;
  readonly variables?: Readonly<Record<string, Variable>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly historyLimit?: number;
  readonly taskLimit?: number;
}

/** A dev server of Temporal, the workflow worker, a web server, and a server of stigmer's that hears reports. */
export interface InterpreterWorld {
  readonly client: TemporalClient;
  /** `http://127.0.0.1:port` */
  readonly web: string;
  /** Executions of agents that were made, by their idempotency keys, and those that were cancelled. */
  readonly agents: Agents;
  /** Answers the web server's requests. */
  respond: (request: IncomingMessage, body: string, response: ServerResponse) => void;
  /** Starts a document and gives the id of its execution. */
  start(document: string | WorkflowDocument, settings?: RunSettings): Promise<string>;
  ended(id: string): Promise<Ended>;
  run(document: string | WorkflowDocument, settings?: RunSettings): Promise<Ended>;
  /** Resolves when the server was told of a task in this state. */
  reported(id: string, taskName: string, status: string): Promise<SeenTask>;
  signal(id: string, name: string, ...args: unknown[]): Promise<void>;
  /** The whole history as Temporal exports it. */
  history(id: string): Promise<{ events: { eventType: string }[] }>;
  close(): Promise<void>;
}

const GUARD = { timeout: 55_000, interval: 20 };

export async function startInterpreterWorld(): Promise<InterpreterWorld> {
  quietTemporalRuntime();
  const [temporal, bundle] = await Promise.all([startTemporal(), bundleWorkflows()]);
  const converter = compilePayloadConverter();
  const server = await startReportServer();
  const web = createServer((request, response) => {
    void text(request).then((body) => world.respond(request, body, response));
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  const { port } = web.address() as AddressInfo;
  const rpc = new RpcClient({ endpoint: server.address, token: 'worker-token' });
  const secrets = new Map<string, Readonly<Record<string, string>>>();
  const activities = {
    ...executionActivities({ client: rpc, log: { info: () => undefined, warn: () => undefined } }),
    ...interpreterActivities({
      client: rpc,
      clock: systemClock,
      leaseId: () => 'lease-1',
      fetchSecrets: async (id) => secrets.get(id) ?? {},
      internalHosts: [`127.0.0.1:${port}`],
    }),
    Resize: async (...args: Json[]) => ({ resized: args }),
  };
  const client = connectTemporal({ address: temporal.address, namespace: 'default', clock: systemClock });
  const nativeConnection = await NativeConnection.connect({ address: temporal.address });
  const connection = Connection.lazy({ address: temporal.address });
  const workflows = new WorkflowClient({ connection });
  const worker = await Worker.create({
    connection: nativeConnection,
    taskQueue: DEFAULT_QUEUES.workflowExecution,
    workflowBundle: bundle,
    activities,
    dataConverter: { payloadConverterPath: converter.path },
    shutdownForceTime: 1_000,
    maxHeartbeatThrottleInterval: 1_000,
  });
  const ran = worker.run();

  const world: InterpreterWorld = {
    client,
    web: `http://127.0.0.1:${port}`,
    agents: server.agents,
    respond: (_, __, response) => response.writeHead(404).end('nothing here'),
    async start(given, { input = null, variables = {}, secrets: own = {}, ...limits } = {}) {
      const document = typeof given === 'string' ? parsed(given) : given;
      const id = `wex-${randomUUID()}`;
      secrets.set(id, own);
      const execution = create(WorkflowExecutionSchema, { metadata: { id, org: 'acme' } });
      expect(await client.startWorkflowExecution(execution, { interpreter: { document, input, org: 'acme', variables, ...limits } })).toEqual({ outcome: 'started' });
      return id;
    },
    async ended(id) {
      await expect.poll(() => server.ends.has(id), GUARD).toBe(true);
      const { phase, output, error } = toJson(WorkflowExecutionStatusSchema, server.ends.get(id) as WorkflowExecutionStatus) as { phase: string; output?: Json; error?: string };
      return { id, phase, output, error: error ?? '', tasks: [...(server.tasks.get(id)?.values() ?? [])] };
    },
    run: async (document, settings) => world.ended(await world.start(document, settings)),
    async reported(id, taskName, status) {
      const find = (): SeenTask | undefined => [...(server.tasks.get(id)?.values() ?? [])].find((task) => task.taskName === taskName && task.status === `WORKFLOW_TASK_${status}`);
      await expect.poll(find, GUARD).toBeDefined();
      return find() as SeenTask;
    },
    async signal(id, name, ...args) {
      expect(await client.signal('workflow_execution', id, name, ...args)).toBe(true);
    },
    history: async (id) => JSON.parse(historyToJSON(await workflows.getHandle(workflowId('workflow_execution', id)).fetchHistory())) as { events: { eventType: string }[] },
    async close() {
      try {
        worker.shutdown();
        await ran;
        await Promise.all([client.close(), connection.close(), nativeConnection.close()]);
        rpc.close();
      } finally {
        server.stop();
        web.closeAllConnections();
        web.close();
        await temporal.stop();
        converter.remove();
      }
    },
  };
  return world;
}

function parsed(yaml: string): WorkflowDocument {
  const { document, findings } = validateText(yaml.startsWith('document:') ? yaml : `${HEAD}${yaml}`);
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  return document as WorkflowDocument;
}

/** What agents do: answered by the message, `hang` never ends, `fail` fails. */
export interface Agents {
  readonly made: Map<string, AgentExecution>;
  readonly cancelled: string[];
}

interface ReportServer {
  readonly agents: Agents;
  readonly address: string;
  readonly tasks: Map<string, Map<string, SeenTask>>;
  readonly ends: Map<string, WorkflowExecutionStatus>;
  stop(): void;
}

/** The part of stigmer-server that an interpreted run talks to. */
async function startReportServer(): Promise<ReportServer> {
  const tasks: ReportServer['tasks'] = new Map();
  const ends: ReportServer['ends'] = new Map();
  const take = (id: string, task: unknown): void => {
    const seen = toJson(WorkflowExecutionStatusSchema, create(WorkflowExecutionStatusSchema, { tasks: [task as never] })) as unknown as { tasks: SeenTask[] };
    const [one] = seen.tasks;
    const own = tasks.get(id) ?? new Map<string, SeenTask>();
    tasks.set(id, own);
    if (one) own.set(one.taskId, one);
  };
  const sequences = new Map<string, bigint>();
  const server = new Server();
  server.addService(grpcServiceDefinition(WorkflowExecutionCommandController), {
    updateStatus: (call: ServerUnaryCall<{ executionId: string; status: WorkflowExecutionStatus }, unknown>, callback: sendUnaryData<unknown>) => {
      const { executionId, status } = call.request;
      for (const task of status.tasks) take(executionId, task);
      ends.set(executionId, fromJson(WorkflowExecutionStatusSchema, toJson(WorkflowExecutionStatusSchema, status) as JsonValue));
      callback(null, create(WorkflowExecutionSchema));
    },
  });
  const agents: Agents = { made: new Map(), cancelled: [] };
  server.addService(grpcServiceDefinition(AgentQueryController), {
    getByReference: (call: ServerUnaryCall<{ slug: string }, unknown>, callback: sendUnaryData<unknown>) => {
      if (call.request.slug === 'nobody') callback({ code: 5, details: 'Agent not found: nobody' });
      else callback(null, create(AgentSchema, { metadata: { id: `agt-${call.request.slug}` } }));
    },
  });
  server.addService(grpcServiceDefinition(AgentExecutionCommandController), {
    create: (call: ServerUnaryCall<AgentExecution, unknown>, callback: sendUnaryData<unknown>) => {
      const key = String(call.metadata.get('idempotency-key')[0]);
      const made = agents.made.get(key) ?? create(AgentExecutionSchema, { spec: call.request.spec!, metadata: { id: `aex-${agents.made.size + 1}` } });
      agents.made.set(key, made);
      callback(null, made);
    },
  });
  server.addService(grpcServiceDefinition(ExecutionControl), {
    Cancel: (call: ServerUnaryCall<CancelRequest, unknown>, callback: sendUnaryData<unknown>) => {
      agents.cancelled.push(call.request.executionId);
      callback(null, create(CancelResponseSchema));
    },
  });
  server.addService(grpcServiceDefinition(ExecutionStream), {
    Watch: (call: ServerWritableStream<WatchRequest, WatchResponse>) => {
      const made = [...agents.made.values()].find(({ metadata }) => metadata?.id === call.request.executionId);
      const message = made?.spec?.message ?? '';
      const phase = message.startsWith('fail') ? Phase.FAILED : message.startsWith('hang') ? Phase.IN_PROGRESS : Phase.COMPLETED;
      const status = { phase, messages: [{ type: MessageType.MESSAGE_AI, content: `answer to ${message}` }] };
      const at = { logId: 'log', revision: 1n };
      call.write(create(WatchResponseSchema, { item: { case: 'snapshot', value: { at, execution: { case: 'agent', value: create(AgentExecutionSchema, { spec: made!.spec!, metadata: made!.metadata!, status }) } } } }));
      if (phase === Phase.IN_PROGRESS) return;
      call.write(create(WatchResponseSchema, { item: { case: 'end', value: { at, phase, error: phase === Phase.FAILED ? 'no model' : '' } } }));
      call.end();
    },
    Report: (call: ServerDuplexStream<ReportRequest, ReportResponse>) => {
      let id = '';
      call.on('data', ({ frame }: ReportRequest) => {
        if (frame.case === 'open') {
          id = frame.value.executionId;
          const acknowledgedSequence = sequences.get(id) ?? 0n;
          call.write(create(ReportResponseSchema, { frame: { case: 'ready', value: { acknowledgedSequence, window: 1_000 } } }));
        } else if (frame.case === 'events') {
          const { firstSequence, events } = frame.value;
          for (const { change } of events) if (change.case === 'taskUpserted') take(id, change.value.task);
          const sequence = firstSequence + BigInt(events.length) - 1n;
          sequences.set(id, sequence);
          call.write(create(ReportResponseSchema, { frame: { case: 'ack', value: { sequence, window: 1_000 } } }));
        }
      });
      call.on('end', () => call.end());
      call.on('error', () => undefined);
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return { address: `127.0.0.1:${port}`, agents, tasks, ends, stop: () => server.forceShutdown() };
}
