import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { RpcClient } from '../../src/client/rpc-client.js';
import { systemClock } from '../../src/contract/clock.js';
import { type AgentExecutionStatus, AgentExecutionSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { MessageType } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import type { AgentExecutionSpecSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/spec_pb.js';
import { type ModelServer, startModelServer } from '../../src/demo-model/server.js';
import type { ScriptInput } from '../../src/demo-model/script.js';
import { fileThreadStore } from '../../src/runner/memory/thread-store.js';
import { Turnstile } from '../../src/runner/memory/turnstile.js';
import type { ModelSettings, Provider } from '../../src/runner/model/model-settings.js';
import { prepareLoop } from '../../src/runner/run/prepare-loop.js';
import { Run } from '../../src/runner/run/run.js';
import { type PeerExecution, type RunnerPeer, startRunnerPeer } from './runner-peer.js';

export interface RunOptions {
  readonly message?: string;
  readonly sessionId?: string;
  readonly attempt?: number;
  readonly id?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: Partial<MessageInitShape<typeof AgentExecutionSpecSchema>>;
}

/** One run under way. */
export interface StartedRun {
  readonly id: string;
  readonly run: Run;
  readonly done: Promise<AgentExecutionStatus>;
  /** What the server knows of it. */
  readonly server: PeerExecution;
  abort(reason: unknown): void;
}

/** Runs of the real loop, between a server's peer and a model server. */
export interface RunnerWorld {
  readonly peer: RunnerPeer;
  readonly model: ModelServer;
  readonly workspace: string;
  settings: ModelSettings;
  /** Id of the lease that is held. */
  lease: string;
  start(options?: RunOptions): StartedRun;
  /** Forgets what a restarted runner would not have. */
  restart(): void;
  /** Requests to the model so far, as JSON. */
  bodies(): string[];
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly provider?: Provider;
  readonly script: ScriptInput;
  /** False: the original's server. */
  readonly ours?: boolean;
  readonly secrets?: readonly string[];
  readonly hostTools?: boolean;
}

let executions = 0;

export async function startRunnerWorld({ provider = 'openai', script, ours = true, secrets = [], hostTools = false }: WorldOptions): Promise<RunnerWorld> {
  const [peer, model, workspace] = await Promise.all([startRunnerPeer(), startModelServer({ script }), mkdtemp(join(tmpdir(), 'stigmer-runner-'))]);
  peer.manners.ours = ours;
  const client = new RpcClient({ endpoint: peer.endpoint, token: 'runner-token' });
  const log = pino({ level: 'silent' });
  let threads = new Turnstile();

  const world: RunnerWorld = {
    peer,
    model,
    workspace,
    lease: 'lease-1',
    settings: {
      provider,
      model: 'some-model',
      baseUrl: provider === 'openai' ? `${model.url}/v1` : model.url,
      baseUrlVariable: provider === 'ollama' ? 'OLLAMA_BASE_URL' : 'STIGMER_LLM_BASE_URL',
      apiKeyVariables: provider === 'openai' ? 'OPENAI_API_KEY or STIGMER_LLM_API_KEY' : '',
    },
    start({ message = 'Hello', sessionId = 'ses-1', attempt = 1, id = `aex-${++executions}`, annotations = {}, spec = {} } = {}) {
      const execution = create(AgentExecutionSchema, { metadata: { id, org: 'acme', annotations: { ...annotations } }, spec: { sessionId, message, ...spec } } as MessageInitShape<typeof AgentExecutionSchema>);
      const abort = new AbortController();
      const parts = {
        client,
        version: '0.1.0',
        settings: world.settings,
        modelLimits: { firstWaitMs: 5, longestWaitMs: 20 },
        workspaceRoot: workspace,
        store: fileThreadStore(join(workspace, '.threads')),
        clock: systemClock,
        log,
        ...(hostTools ? { hostTools: { path: '/usr/local/bin:/usr/bin:/bin' } } : {}),
      };
      const context = { client, clock: systemClock, log, leaseId: () => (ours ? world.lease : undefined), threads, secrets, prepareLoop: prepareLoop.bind(undefined, parts) };
      const run = new Run(context, { execution, threadId: `thread-${sessionId}`, attempt, signal: abort.signal });
      return { id, run, done: run.execute(), server: peer.execution(id), abort: (reason) => abort.abort(reason) };
    },
    restart() {
      threads = new Turnstile();
    },
    bodies: () => model.requests.map(({ body }) => JSON.stringify(body)),
    async close() {
      client.close();
      peer.close();
      await model.close();
      await rm(workspace, { recursive: true, force: true });
    },
  };
  return world;
}

/** What the model has said in a run, turn by turn. */
export function spoken(run: StartedRun): string[] {
  return run.server.status.messages.filter(({ type }) => type === MessageType.MESSAGE_AI).map(({ content }) => content);
}
