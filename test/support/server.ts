import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import { Client, credentials, Metadata, type ClientOptions } from '@grpc/grpc-js';
import pino from 'pino';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/contract/clock.js';
import { AgentCommandController } from '../../src/contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import type { Agent } from '../../src/contract/gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import type { AgentExecution } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import type { AgentExecutionSpecSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/spec_pb.js';
import { WorkflowCommandController } from '../../src/contract/gen/ai/stigmer/agentic/workflow/v1/command_pb.js';
import { WorkflowExecutionCommandController } from '../../src/contract/gen/ai/stigmer/agentic/workflowexecution/v1/command_pb.js';
import { ApiResourceOwnerScope } from '../../src/contract/gen/ai/stigmer/commons/apiresource/enum_pb.js';
import { HelloRequestSchema, type HelloResponse, RunnerService } from '../../src/contract/gen/stigmer/runner/v1/runner_pb.js';
import { ReportRequestSchema, type ReportResponse, ExecutionStream, type WatchResponse } from '../../src/contract/gen/stigmer/stream/v1/stream_pb.js';
import type { ExecutionEventSchema } from '../../src/contract/gen/stigmer/stream/v1/event_pb.js';
import type { NoticeSchema } from '../../src/contract/gen/stigmer/stream/v1/notice_pb.js';
import { serverEnvironment } from '../../src/server/env.js';
import { createToken } from '../../src/server/edge/token-book.js';
import { type RunningServer, type ServerOptions, startServer } from '../../src/server/server.js';
import { bidi, serverStream, unary } from './rpc.js';
import { TemporalDouble } from './temporal-double.js';

export interface TestServerOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly temporal?: ServerOptions['temporal'];
  readonly settings?: ServerOptions['settings'];
  /** An earlier server's state, to go on with. */
  readonly stateDir?: string;
}

/** A whole server in this process, on free ports, with real clients. */
export class TestServer {
  readonly stateDir: string;
  readonly temporal: TemporalDouble;
  readonly logLines: string[];
  readonly #server: RunningServer;
  readonly #clients: Client[] = [];
  #stopped: Promise<void> | undefined;

  constructor(stateDir: string, temporal: TemporalDouble, logLines: string[], server: RunningServer) {
    this.stateDir = stateDir;
    this.temporal = temporal;
    this.logLines = logLines;
    this.#server = server;
  }

  get endpoint(): string {
    return `127.0.0.1:${this.#server.grpcPort}`;
  }

  get httpUrl(): string {
    return `http://127.0.0.1:${this.#server.httpPort}`;
  }

  /** A client with a connection of its own. */
  client(options: ClientOptions = {}): Client {
    const client = new Client(this.endpoint, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1, ...options });
    this.#clients.push(client);
    return client;
  }

  async as(name = 'user'): Promise<Metadata> {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${await this.token(name)}`);
    return metadata;
  }

  async token(name = 'user'): Promise<string> {
    createToken(join(this.stateDir, 'tokens', name));
    return (await readFile(join(this.stateDir, 'tokens', name), 'utf8')).trim();
  }

  async call<M extends DescMethodUnary>(method: M, request: MessageInitShape<M['input']>, as = 'user'): Promise<MessageShape<M['output']>> {
    this.#clients[0] ??= this.client();
    return unary(this.#clients[0], method, request, await this.as(as));
  }

  createAgent(name = `agent-${Math.random().toString(36).slice(2)}`): Promise<Agent> {
    return this.call(AgentCommandController.method.create, {
      apiVersion: 'agentic.stigmer.ai/v1',
      kind: 'Agent',
      metadata: { name, ownerScope: ApiResourceOwnerScope.organization, org: 'acme' },
      spec: { instructions: 'Answer with a single word, please.' },
    });
  }

  /** A pending execution of a new agent. */
  async createExecution(spec: MessageInitShape<typeof AgentExecutionSpecSchema> = {}): Promise<AgentExecution> {
    const agent = spec.agentId === undefined && spec.sessionId === undefined ? await this.createAgent() : undefined;
    return this.call(AgentExecutionCommandController.method.create, {
      apiVersion: 'agentic.stigmer.ai/v1',
      kind: 'AgentExecution',
      metadata: { name: 'run' },
      spec: { message: 'hello', ...(agent === undefined ? {} : { agentId: agent.metadata!.id }), ...spec },
    });
  }

  /** A pending execution of a new workflow; gives its id. */
  async createWorkflowExecution(): Promise<string> {
    const metadata = { name: `flow-${Math.random().toString(36).slice(2)}`, ownerScope: ApiResourceOwnerScope.organization, org: 'acme' };
    const workflow = await this.call(WorkflowCommandController.method.create, {
      apiVersion: 'agentic.stigmer.ai/v1',
      kind: 'Workflow',
      metadata,
      spec: {
        document: { dsl: '1.0.0', namespace: 'acme', name: 'flow', version: '1.0.0' },
        tasks: [{ name: 'set', kind: 1, taskConfig: { variables: { a: '1' } } }],
      },
    });
    const execution = await this.call(WorkflowExecutionCommandController.method.create, {
      apiVersion: 'agentic.stigmer.ai/v1',
      kind: 'WorkflowExecution',
      metadata: { ...metadata, name: 'run' },
      spec: { workflowId: workflow.metadata!.id },
    });
    return execution.metadata!.id;
  }

  async watch(executionId: string, resume?: { logId: string; revision: bigint }, client = this.client()): Promise<Collected<WatchResponse>> {
    return collect(serverStream(client, ExecutionStream.method.watch, { executionId, ...(resume === undefined ? {} : { resume }) }, await this.as()));
  }

  /** Says Hello and waits for the lease. */
  async hello(name = 'agent-runner-1', introduction: Partial<{ name: string; component: string; version: string; taskQueues: string[]; slots: number }> = {}) {
    const stream = bidi(this.client(), RunnerService.method.hello, await this.as(name));
    const collected = collect<HelloResponse>(stream);
    stream.write(
      create(HelloRequestSchema, {
        frame: {
          case: 'introduction',
          value: { name, component: 'agent-runner', version: '0.1.0', taskQueues: ['agent_execution_runner'], slots: 2, host: 'here', pid: 1, endpoint: this.endpoint, ...introduction },
        },
      }),
    );
    return {
      stream,
      collected,
      async lease() {
        const first = await collected.next();
        if (first.frame.case !== 'lease') throw new Error(`expected a lease, got ${first.frame.case}`);
        return first.frame.value;
      },
      beat(executionIds: string[] = [], slotsUsed = executionIds.length): void {
        stream.write(create(HelloRequestSchema, { frame: { case: 'heartbeat', value: { slotsUsed, executionIds } } }));
      },
    };
  }

  async report(executionId: string, attempt = 1, as = 'agent-runner-1', runnerId = '') {
    const stream = bidi(this.client(), ExecutionStream.method.report, await this.as(as));
    const collected = collect<ReportResponse>(stream);
    stream.write(create(ReportRequestSchema, { frame: { case: 'open', value: { executionId, attempt, runnerId } } }));
    return {
      stream,
      collected,
      notice(notice: MessageInitShape<typeof NoticeSchema>): void {
        stream.write(create(ReportRequestSchema, { frame: { case: 'notice', value: notice } }));
      },
      events(firstSequence: number, ...events: MessageInitShape<typeof ExecutionEventSchema>[]): void {
        stream.write(create(ReportRequestSchema, { frame: { case: 'events', value: { firstSequence: BigInt(firstSequence), events } } }));
      },
    };
  }

  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      await this.#server.stop();
      for (const client of this.#clients) client.close();
    })();
    return this.#stopped;
  }
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), 'stigmer-server-')));
  const temporal = new TemporalDouble();
  const logLines: string[] = [];
  const server = await startServer({
    config: serverEnvironment.read({ STIGMER_STATE_DIR: stateDir, GRPC_PORT: '0', HTTP_PORT: '0', ...options.env }),
    log: pino({ level: 'debug' }, { write: (line: string) => logLines.push(line) }),
    clock: systemClock,
    version: '0.1.0',
    protoDir: resolve(import.meta.dirname, '..', '..', 'proto'),
    temporal: options.temporal ?? temporal,
    ...(options.settings === undefined ? {} : { settings: options.settings }),
  });
  const fixture = new TestServer(stateDir, temporal, logLines, server);
  onTestFinished(async () => {
    await fixture.stop();
    if (options.stateDir === undefined) await rm(stateDir, { recursive: true, force: true });
  });
  return fixture;
}

/** A stream's messages as they come, its end and its error. */
export interface Collected<T> {
  readonly messages: T[];
  /** The next message that has not been taken; throws when the stream ends first. */
  next(): Promise<T>;
  /** Resolves with the status of the stream's end. */
  readonly ended: Promise<{ readonly code: number; readonly details: string }>;
  cancel(): void;
  pause(): void;
  resume(): void;
}

interface ClientStream<T> {
  on(event: 'data', listener: (message: T) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  on(event: 'status', listener: (status: { code: number; details: string }) => void): unknown;
  cancel(): void;
  pause(): unknown;
  resume(): unknown;
}

export function collect<T>(stream: unknown): Collected<T> {
  const call = stream as ClientStream<T>;
  const messages: T[] = [];
  let taken = 0;
  let wake = (): void => undefined;
  let status: { code: number; details: string } | undefined;
  // The status comes as soon as it is known, and may overtake messages that were not read yet; 'end' comes after them.
  let over = false;
  const ended = new Promise<{ code: number; details: string }>((resolveEnd) => {
    const settle = (): void => {
      if (status === undefined || !over) return;
      resolveEnd(status);
      wake();
    };
    const finish = (): void => {
      over = true;
      settle();
    };
    call.on('status', (end) => {
      status = end;
      settle();
    });
    call.on('end', finish);
    call.on('error', finish);
  });
  call.on('data', (message) => {
    messages.push(message);
    wake();
  });
  return {
    messages,
    ended,
    cancel: () => call.cancel(),
    pause: () => void call.pause(),
    resume: () => void call.resume(),
    async next() {
      const end = Date.now() + 15_000;
      while (taken >= messages.length) {
        if (status !== undefined && over) throw new Error(`the stream ended: ${status.code} ${status.details}`);
        if (Date.now() > end) throw new Error('no message came');
        await new Promise<void>((resolveNext) => {
          const timer = setTimeout(resolveNext, 1_000);
          wake = () => {
            clearTimeout(timer);
            resolveNext();
          };
        });
      }
      taken += 1;
      return messages[taken - 1]!;
    },
  };
}
