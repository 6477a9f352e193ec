import { clone, create, type MessageInitShape } from '@bufbuild/protobuf';
import { type sendUnaryData, Server, ServerCredentials, type ServerDuplexStream, type ServerUnaryCall } from '@grpc/grpc-js';
import { failedPrecondition, notFound, StigmerError, unimplemented } from '../../src/contract/errors.js';
import { type Agent, AgentSchema } from '../../src/contract/gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import { AgentQueryController } from '../../src/contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { AgentExecutionSchema, type AgentExecutionStatus, AgentExecutionStatusSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController, type AgentExecutionUpdateStatusInput, AgentExecutionUpdateStatusInputSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { AgentInstanceSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentinstance/v1/api_pb.js';
import { AgentInstanceQueryController } from '../../src/contract/gen/ai/stigmer/agentic/agentinstance/v1/query_pb.js';
import type { Environment } from '../../src/contract/gen/ai/stigmer/agentic/environment/v1/api_pb.js';
import { EnvironmentQueryController } from '../../src/contract/gen/ai/stigmer/agentic/environment/v1/query_pb.js';
import type { McpServer } from '../../src/contract/gen/ai/stigmer/agentic/mcpserver/v1/api_pb.js';
import { McpServerQueryController } from '../../src/contract/gen/ai/stigmer/agentic/mcpserver/v1/query_pb.js';
import { SessionSchema } from '../../src/contract/gen/ai/stigmer/agentic/session/v1/api_pb.js';
import { SessionQueryController } from '../../src/contract/gen/ai/stigmer/agentic/session/v1/query_pb.js';
import type { Skill } from '../../src/contract/gen/ai/stigmer/agentic/skill/v1/api_pb.js';
import { GetArtifactResponseSchema, type GetArtifactRequest } from '../../src/contract/gen/ai/stigmer/agentic/skill/v1/io_pb.js';
import { SkillQueryController } from '../../src/contract/gen/ai/stigmer/agentic/skill/v1/query_pb.js';
import type { ApiResourceReference } from '../../src/contract/gen/ai/stigmer/commons/apiresource/io_pb.js';
import {
  type ClaimRequest,
  ClaimResponseSchema,
  type Heartbeat,
  type HelloRequest,
  type HelloResponse,
  HelloResponseSchema,
  type Introduction,
  RunnerService,
} from '../../src/contract/gen/stigmer/runner/v1/runner_pb.js';
import type { ExecutionEvent } from '../../src/contract/gen/stigmer/stream/v1/event_pb.js';
import type { Notice } from '../../src/contract/gen/stigmer/stream/v1/notice_pb.js';
import { ExecutionStream, type ReportOpen, type ReportRequest, type ReportResponse, ReportResponseSchema } from '../../src/contract/gen/stigmer/stream/v1/stream_pb.js';
import { MESSAGE_LIMIT } from '../../src/contract/limits.js';
import { toGrpcStatus } from '../../src/contract/grpc-status.js';
import { grpcServiceDefinition } from '../../src/contract/services.js';
import { initialProjection, type Projection } from '../../src/execution/projection.js';
import { reduce } from '../../src/execution/reduce.js';

type HelloCall = ServerDuplexStream<HelloRequest, HelloResponse>;
type ReportCall = ServerDuplexStream<ReportRequest, ReportResponse>;
type Unary<I, O> = (call: ServerUnaryCall<I, O>, callback: sendUnaryData<O>) => void;

/** What the peer knows of one execution: reduced as the server reduces it. */
export interface PeerExecution {
  readonly projection: Projection;
  readonly status: AgentExecutionStatus;
  readonly events: ExecutionEvent[];
  readonly notices: Notice[];
  readonly opens: ReportOpen[];
  /** Sequence number of the last event that was taken, by attempt. */
  readonly acknowledged: Map<number, bigint>;
}

/** How the peer behaves. Replaceable at any time. */
export interface PeerManners {
  /** Time to live of a lease, milliseconds. */
  ttlMs: number;
  /** Events that may be under way. */
  window: number;
  /** False: only what the original's server has. */
  ours: boolean;
  /** False: Hello is never answered. */
  answersHello: boolean;
  /** False: the opening of a report is never answered. */
  answersReports: boolean;
  /** Refuses every call for this reason. */
  refuse: StigmerError | undefined;
  /** Refuses to open a report. */
  refuseReport: StigmerError | undefined;
  /** Takes events and does not say so. */
  keepsAcks: boolean;
  /** Ends the connection of a report as soon as it has taken so many events more, without saying that it took them. Once. */
  breakAfter: number | undefined;
}

/** The part of stigmer-server that a runner talks to, as a real gRPC server. */
export interface RunnerPeer {
  /** `host:port` */
  readonly endpoint: string;
  readonly manners: PeerManners;
  readonly introductions: Introduction[];
  readonly heartbeats: Heartbeat[];
  readonly claims: ClaimRequest[];
  /** Unary calls, `Service/method`, with what came as authorization. */
  readonly calls: { readonly method: string; readonly authorization: string }[];
  readonly updates: AgentExecutionUpdateStatusInput[];
  readonly agents: Map<string, Agent>;
  /** Of the one instance. */
  environmentRefs: string[];
  readonly environments: Map<string, Environment>;
  readonly mcpServers: Map<string, McpServer>;
  readonly skills: Map<string, { readonly skill: Skill; readonly artifact?: Uint8Array }>;
  /** What Claim gives. */
  secrets: { runtimeEnv: Record<string, string>; secretNames: string[] };
  /** The only lease that may claim; undefined: any. */
  claimant: string | undefined;
  execution(id: string): PeerExecution;
  /** Says on every lease that a run is not wanted any more. */
  cancel(executionId: string, reason: string): void;
  drain(reason: string): void;
  /** Tells the reports of an execution to stop. */
  stopReport(executionId: string, reason: string): void;
  /** Ends every stream, as a server does that goes. */
  breakStreams(): void;
  /** Cuts every connection and refuses new ones, until `up`. */
  down(): void;
  up(): Promise<void>;
  close(): void;
}

const agentId = 'agt-1';
const instanceId = 'agi-1';

/** Starts it on a free port of the loopback. Sessions are all there, and belong to one instance of the agent `agt-1`. */
export async function startRunnerPeer(agent: MessageInitShape<typeof AgentSchema> = {}): Promise<RunnerPeer> {
  const manners: PeerManners = { ttlMs: 15_000, window: 256, ours: true, answersHello: true, answersReports: true, refuse: undefined, refuseReport: undefined, keepsAcks: false, breakAfter: undefined };
  const executions = new Map<string, PeerExecution>();
  const hellos = new Set<HelloCall>();
  const reports = new Map<ReportCall, string>();
  let leases = 0;

  const execution = (id: string): PeerExecution => {
    const known = executions.get(id);
    if (known !== undefined) return known;
    const projection = initialProjection('agent');
    if (projection.kind !== 'agent') throw new Error('unreachable');
    const made = { projection, status: projection.status, events: [], notices: [], opens: [], acknowledged: new Map() };
    executions.set(id, made);
    return made;
  };

  const hello = (call: HelloCall): void => {
    call.on('error', () => undefined);
    const refusal = manners.refuse ?? (manners.ours ? undefined : unimplemented('unknown service stigmer.runner.v1.RunnerService'));
    if (refusal !== undefined) {
      call.emit('error', toGrpcStatus(refusal));
      return;
    }
    hellos.add(call);
    call.on('close', () => hellos.delete(call));
    call.on('end', () => call.end());
    call.on('data', ({ frame }: HelloRequest) => {
      if (frame.case === 'heartbeat') peer.heartbeats.push(frame.value);
      if (frame.case !== 'introduction' || !manners.answersHello) return;
      peer.introductions.push(frame.value);
      leases += 1;
      call.write(create(HelloResponseSchema, { frame: { case: 'lease', value: { leaseId: `lease-${leases}`, ttlMs: manners.ttlMs, serverVersion: '0.1.0' } } }));
    });
  };

  const report = (call: ReportCall): void => {
    call.on('error', () => undefined);
    const answer = (frame: NonNullable<MessageInitShape<typeof ReportResponseSchema>['frame']>): void => {
      call.write(create(ReportResponseSchema, { frame }));
    };
    const fail = (error: StigmerError): void => void call.emit('error', toGrpcStatus(error));
    const refusal = manners.refuse ?? manners.refuseReport ?? (manners.ours ? undefined : unimplemented('unknown service stigmer.stream.v1.ExecutionStream'));
    if (refusal !== undefined) {
      fail(refusal);
      return;
    }
    let open: ReportOpen | undefined;
    call.on('close', () => reports.delete(call));
    call.on('end', () => call.end());
    call.on('data', ({ frame }: ReportRequest) => {
      if (frame.case === 'open') {
        if (!manners.answersReports) return undefined;
        open = frame.value;
        const one = execution(open.executionId);
        one.opens.push(open);
        reports.set(call, open.executionId);
        const acknowledgedSequence = one.acknowledged.get(open.attempt) ?? 0n;
        answer({ case: 'ready', value: { acknowledgedSequence, messageCount: one.status.messages.length, window: manners.window } });
      } else if (open !== undefined && frame.case === 'notice') {
        execution(open.executionId).notices.push(frame.value);
      } else if (open !== undefined && frame.case === 'events') {
        const one = execution(open.executionId);
        const last = one.acknowledged.get(open.attempt) ?? 0n;
        const { firstSequence, events } = frame.value;
        if (events.length < 1 || events.length > 64) return fail(failedPrecondition(`${events.length} events in one message`));
        if (firstSequence > last + 1n) return fail(failedPrecondition(`event ${firstSequence} came after ${last}`));
        const fresh = events.slice(Number(last + 1n - firstSequence));
        const { rejection } = reduce(one.projection, { type: 'events', events: fresh }, Date.now());
        if (rejection !== undefined) return fail(rejection);
        one.events.push(...fresh);
        const acknowledged = last + BigInt(fresh.length);
        one.acknowledged.set(open.attempt, acknowledged);
        if (manners.breakAfter !== undefined && (manners.breakAfter -= fresh.length) <= 0) {
          manners.breakAfter = undefined;
          return fail(new StigmerError(14, 'the connection broke'));
        }
        if (!manners.keepsAcks) answer({ case: 'ack', value: { sequence: acknowledged, window: manners.window } });
      }
      return undefined;
    });
  };

  const unary =
    <I, O>(method: string, respond: (request: I) => O): Unary<I, O> =>
    (call, callback) => {
      peer.calls.push({ method, authorization: String(call.metadata.get('authorization')[0] ?? '') });
      try {
        if (manners.refuse !== undefined) throw manners.refuse;
        callback(null, respond(call.request));
      } catch (error) {
        callback(toGrpcStatus(error));
      }
    };

  const register = (server: Server): void => {
    server.addService(grpcServiceDefinition(RunnerService), {
      Hello: hello,
      Claim: unary('RunnerService/Claim', (request: ClaimRequest) => {
        peer.claims.push(request);
        if (peer.claimant !== undefined && request.leaseId !== peer.claimant) throw failedPrecondition('the lease is not held any more: say Hello again', { reason: 'LEASE_LOST' });
        return create(ClaimResponseSchema, peer.secrets);
      }),
    });
    server.addService(grpcServiceDefinition(ExecutionStream), { Report: report });
    server.addService(grpcServiceDefinition(AgentExecutionCommandController), {
      updateStatus: unary('AgentExecutionCommandController/updateStatus', (request: AgentExecutionUpdateStatusInput) => {
        peer.updates.push(clone(AgentExecutionUpdateStatusInputSchema, request));
        const one = execution(request.executionId);
        if (request.status !== undefined) {
          const { rejection } = reduce(one.projection, { type: 'status', status: clone(AgentExecutionStatusSchema, request.status) }, Date.now());
          if (rejection !== undefined) throw rejection;
        }
        return create(AgentExecutionSchema);
      }),
    });
    server.addService(grpcServiceDefinition(SessionQueryController), {
      get: unary('SessionQueryController/get', ({ value }: { value: string }) =>
        create(SessionSchema, { metadata: { id: value }, spec: { agentInstanceId: instanceId } }),
      ),
    });
    server.addService(grpcServiceDefinition(AgentInstanceQueryController), {
      get: unary('AgentInstanceQueryController/get', ({ value }: { value: string }) => create(AgentInstanceSchema, { metadata: { id: value }, spec: { agentId, environmentRefs: peer.environmentRefs.map((slug) => ({ slug })) } })),
    });
    server.addService(grpcServiceDefinition(AgentQueryController), {
      get: unary('AgentQueryController/get', ({ value }: { value: string }) => {
        const found = peer.agents.get(value);
        if (found === undefined) throw notFound('Agent', value);
        return found;
      }),
      getByReference: unary('AgentQueryController/getByReference', ({ slug }: ApiResourceReference) => {
        throw notFound('Agent', slug);
      }),
    });
    server.addService(grpcServiceDefinition(EnvironmentQueryController), {
      getByReference: unary('EnvironmentQueryController/getByReference', ({ slug }: ApiResourceReference) => {
        const found = peer.environments.get(slug);
        if (found === undefined) throw notFound('Environment', slug);
        return found;
      }),
    });
    server.addService(grpcServiceDefinition(McpServerQueryController), {
      getByReference: unary('McpServerQueryController/getByReference', ({ slug }: ApiResourceReference) => {
        const found = peer.mcpServers.get(slug);
        if (found === undefined) throw notFound('McpServer', slug);
        return found;
      }),
    });
    server.addService(grpcServiceDefinition(SkillQueryController), {
      getByReference: unary('SkillQueryController/getByReference', ({ slug }: ApiResourceReference) => {
        const found = peer.skills.get(slug);
        if (found === undefined) throw notFound('Skill', slug);
        return found.skill;
      }),
      getArtifact: unary('SkillQueryController/getArtifact', ({ artifactStorageKey }: GetArtifactRequest) => {
        const found = [...peer.skills.values()].find(({ skill }) => skill.status?.artifactStorageKey === artifactStorageKey);
        if (found?.artifact === undefined) throw notFound('artifact', artifactStorageKey);
        return create(GetArtifactResponseSchema, { artifact: found.artifact });
      }),
    });
  };

  const listen = async (port: number): Promise<{ server: Server; port: number }> => {
    const server = new Server({ 'grpc.max_receive_message_length': MESSAGE_LIMIT.max });
    register(server);
    const bound = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, number) => (error ? reject(error) : resolve(number)));
    });
    return { server, port: bound };
  };

  const peer: Omit<RunnerPeer, 'endpoint' | 'down' | 'up' | 'close'> = {
    manners,
    introductions: [],
    heartbeats: [],
    claims: [],
    calls: [],
    updates: [],
    agents: new Map([[agentId, create(AgentSchema, { metadata: { id: agentId, name: 'tester' }, spec: { instructions: 'You are a test agent.' }, ...agent } as MessageInitShape<typeof AgentSchema>)]]),
    environmentRefs: [],
    environments: new Map(),
    mcpServers: new Map(),
    skills: new Map(),
    secrets: { runtimeEnv: {}, secretNames: [] },
    claimant: undefined,
    execution,
    cancel(executionId, reason) {
      for (const call of hellos) call.write(create(HelloResponseSchema, { frame: { case: 'cancel', value: { executionId, reason } } }));
    },
    drain(reason) {
      for (const call of hellos) call.write(create(HelloResponseSchema, { frame: { case: 'drain', value: { reason } } }));
    },
    stopReport(executionId, reason) {
      for (const [call, id] of reports) if (id === executionId) call.write(create(ReportResponseSchema, { frame: { case: 'stop', value: { reason } } }));
    },
    breakStreams() {
      for (const call of [...hellos, ...reports.keys()]) call.emit('error', toGrpcStatus(new StigmerError(14, 'the server is going')));
    },
  };
  let running = await listen(0);
  return Object.assign(peer, {
    endpoint: `127.0.0.1:${running.port}`,
    down: () => running.server.forceShutdown(),
    up: async () => {
      running = await listen(running.port);
    },
    close: () => running.server.forceShutdown(),
  });
}
