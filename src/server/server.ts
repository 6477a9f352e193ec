import { mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { executionModel } from '../broker/execution-model.js';
import { watchView } from '../broker/execution-views.js';
import { StreamBroker } from '../broker/stream-broker.js';
import type { Clock } from '../contract/clock.js';
import { StigmerError, unavailable } from '../contract/errors.js';
import { idFactory } from '../contract/ids.js';
import { isTerminal, phaseName } from '../contract/phases.js';
import { loadContract } from '../contract/proto-loader.js';
import { loadValidator } from '../contract/validation.js';
import { openStore } from '../store/open-store.js';
import { connectTemporal, type TemporalClient } from '../workflows/client.js';
import { authenticator } from './edge/authenticate.js';
import { Connections } from './edge/connections.js';
import { createGrpcServer, DEFAULT_TRANSPORT } from './edge/grpc-server.js';
import { addHealth } from './edge/health.js';
import { GrpcListener } from './edge/listener.js';
import { OpenCalls } from './edge/open-calls.js';
import { kernelPeerOwner } from './edge/peer-owner.js';
import { addReflection } from './edge/reflection.js';
import { openTokenBook } from './edge/token-book.js';
import type { ServerConfig } from './env.js';
import { ActorRegistry } from './executions/actor-registry.js';
import type { ExecutionBroker } from './executions/context.js';
import { executionDeleter } from './executions/delete.js';
import { EncodedExecutions } from './executions/encoded-executions.js';
import { intentId } from './executions/execution-intents.js';
import { intentHandlers } from './executions/handle-intents.js';
import { IntentLoop } from './executions/intent-loop.js';
import { ListFeed } from './executions/list-feed.js';
import { Liveness } from './executions/liveness.js';
import { Reconciler } from './executions/reconcile.js';
import { ReportSessions } from './executions/report-sessions.js';
import { type ExecutionServicesContext, executionServices } from './executions/services.js';
import { defaultExecutionSettings, type ExecutionSettings } from './executions/settings.js';
import { StandingNotices } from './executions/standing-notices.js';
import { streamSource } from './executions/stream-source.js';
import { TemporalMonitor } from './executions/temporal-monitor.js';
import { WatchedExecutions } from './executions/watched-executions.js';
import { createHttpServer, listenHttp } from './http/http-server.js';
import { parseListenAddresses } from './listen-addresses.js';
import { createMetrics } from './metrics.js';
import { ResourceEngine } from './resources/engine.js';
import { resourceServices } from './resources/services.js';
import { collectAllArtifacts } from './resources/skills/artifacts.js';
import { LeaseRegistry } from './runners/lease-registry.js';
import { runnerServices } from './runners/services.js';
import { systemServices } from './system/services.js';

export interface ServerOptions {
  readonly config: ServerConfig;
  readonly log: Logger;
  readonly clock: Clock;
  readonly version: string;
  /** Folder with the contract's .proto files. */
  readonly protoDir: string;
  /** Takes the place of the client for the configured address. */
  readonly temporal?: TemporalClient;
  readonly settings?: Partial<ExecutionSettings & { readonly leaseTtlMs: number }>;
}

export interface RunningServer {
  readonly grpcPort: number;
  readonly httpPort: number;
  /** Ends streams with UNAVAILABLE, lets calls finish for a moment, and closes everything. */
  stop(): Promise<void>;
}

const COMPACTION_MS = 60 * 60 * 1000;
const CLOSE_GRACE_MS = 1_000;

/** Puts the server together and starts it. It starts while Temporal is down too, and says so where it matters. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, log, clock, version } = options;
  const state = config.STIGMER_STATE_DIR;
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const userName = userInfo().username;
  const tokens = openTokenBook({
    directory: join(state, 'tokens'),
    userName,
    onUnsafeFile: (path) => log.warn({ path }, 'a token file can be read by others, so its token does not count; take that away with chmod 600'),
  });
  const store = await openStore({
    file: join(state, 'stigmer.db'),
    artifactsDir: join(state, 'artifacts'),
    keyFile: join(state, 'secrets.key'),
    clock,
    onFault: (error) => log.error({ err: error }, 'the log of executions could not be followed; it is tried again'),
  });
  const validate = await loadValidator();
  const settings = executionSettings(options);
  const temporal = options.temporal ?? temporalClient(options);
  const newId = idFactory(clock);
  const leases = new LeaseRegistry(clock);
  const reports = new ReportSessions();
  const feed = new ListFeed();
  const watched = new WatchedExecutions();
  const intents = new IntentLoop({ store, clock, log });
  const notices: StandingNotices = new StandingNotices(clock, (id, notice) => broker.notify(id, notice));
  const broker: ExecutionBroker = new StreamBroker({
    model: executionModel,
    source: streamSource(store, () => notices),
    clock,
    settings: { stallMs: config.STIGMER_WATCH_STALL_SECONDS * 1000 },
  });
  const engine: ResourceEngine = new ResourceEngine({ store, clock, newId, validate, executions: executionDeleter(() => executions) });
  const actors = new ActorRegistry({
    store,
    clock,
    log,
    opsAtEnd: (id) => [
      { op: 'settle-intent', id: intentId('end-cancelled', id) },
      { op: 'retry-intent', id: intentId('complete-token', id), dueAt: clock.now() },
    ],
  });
  const executions: ExecutionServicesContext = {
    store,
    clock,
    log,
    newId,
    engine,
    actors,
    encoded: new EncodedExecutions(store),
    broker,
    notices,
    leases,
    temporal,
    intents,
    settings,
    reports,
    feed,
    watched,
    watchView: watchView(store.logId),
    onDeleted: (executionId) => feed.tell({ type: 'deleted', executionId }),
  };
  const liveness = new Liveness(executions);
  const reconciler = new Reconciler(executions);
  const monitor = new TemporalMonitor(temporal, clock, log, () => {
    intents.wake();
    reconciler.wake();
    liveness.look();
  });

  const openCalls = new OpenCalls();
  const connections = new Connections(kernelPeerOwner(process.platform));
  const metrics = createMetrics({
    broker: () => broker.metrics,
    leases: () => countBy(leases.all().map(({ introduction }) => introduction.component)),
    gauges: {
      actors: { help: 'Executions in memory.', read: () => actors.size },
      connections: { help: 'Open gRPC connections.', read: () => connections.size },
      open_reports: { help: 'Runs whose runner is reporting.', read: () => reports.size },
      notices: { help: 'Executions with a standing notice.', read: () => notices.size },
    },
  });
  const stopTail = store.executions.tail((append) => {
    const { executionId, firstRevision, events, head } = append;
    metrics.appended(append);
    broker.publish(executionId, { firstRevision, events });
    feed.tell({ type: 'moved', executionId, head });
    if (!isTerminal(head.phase)) return;
    reports.stop(executionId, `the execution has ended as ${phaseName(head.phase)}`);
    notices.forget(executionId);
    intents.wake();
  });

  const system = { leases, temporal, clock, startedAt: clock.now(), version, storeProblems: () => storeProblems(store), store };
  const contract = loadContract(options.protoDir);
  const bindings = [
    ...resourceServices(engine),
    ...executionServices(executions),
    ...runnerServices({
      store,
      engine,
      leases,
      clock,
      log,
      serverVersion: version,
      ttlMs: options.settings?.leaseTtlMs ?? 5_000,
      queues: { agent_execution: settings.agentRunnerQueue, workflow_execution: settings.workflowRunnerQueue },
    }),
    ...systemServices(system),
  ];
  const grpc = createGrpcServer(
    bindings,
    (name) => contract.services.get(name)!,
    {
      authenticate: authenticator({ tokens, ownUid: process.getuid?.(), userName, ownersKnown: process.platform === 'linux' }),
      connections,
      openCalls,
      observer: metrics.calls,
      log,
    },
    DEFAULT_TRANSPORT,
  );
  const health = addHealth(
    grpc,
    bindings.map(({ service }) => service.typeName),
  );
  if (config.STIGMER_REFLECTION) addReflection(grpc, contract.packageDefinition);
  const listener = new GrpcListener(grpc, connections);
  const stopping = new AbortController();
  const http = createHttpServer({ store, broker, watched, watchView: executions.watchView, tokens, stopping: stopping.signal, log, registry: metrics.registry, system });
  const grpcPort = await listener.listen(parseListenAddresses(config.STIGMER_LISTEN), config.GRPC_PORT);
  const httpPort = await listenHttp(http, config.HTTP_PORT);

  monitor.start();
  intents.start(intentHandlers(executions));
  reconciler.start();
  liveness.start();
  const stopCompaction = everyHour(clock, async () => {
    const report = await store.compact(clock.now());
    const archives = await collectAllArtifacts(store);
    log.info({ ...report, archives: archives.length }, 'what was kept long enough was removed');
  }, log);

  return {
    grpcPort,
    httpPort,
    async stop() {
      health.stopping();
      monitor.stop();
      reconciler.stop();
      liveness.stop();
      intents.stop();
      stopCompaction();
      const reason = unavailable('The server is stopping. Connect again and go on from the last revision that you have.', { reason: 'SERVER_STOPPING' });
      leases.drain('the server is stopping');
      openCalls.stop(reason);
      stopping.abort(reason);
      await Promise.race([delay(CLOSE_GRACE_MS), idle(openCalls)]);
      await Promise.all([listener.close(CLOSE_GRACE_MS), http.close()]);
      broker.close();
      stopTail();
      actors.close();
      await store.close();
      await temporal.close();
    },
  };
}

function temporalClient({ config, clock }: ServerOptions): TemporalClient {
  return connectTemporal({
    address: config.TEMPORAL_SERVICE_ADDRESS,
    namespace: config.TEMPORAL_NAMESPACE,
    clock,
    queues: {
      agentExecution: config.TEMPORAL_AGENT_EXECUTION_STIGMER_TASK_QUEUE,
      agentRunner: config.TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE,
      workflowExecution: config.TEMPORAL_WORKFLOW_EXECUTION_STIGMER_TASK_QUEUE,
      workflowRunner: config.TEMPORAL_WORKFLOW_EXECUTION_RUNNER_TASK_QUEUE,
    },
  });
}

function executionSettings({ config, settings }: ServerOptions): ExecutionSettings {
  return {
    ...defaultExecutionSettings,
    agentRunnerQueue: config.TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE,
    workflowRunnerQueue: config.TEMPORAL_WORKFLOW_EXECUTION_RUNNER_TASK_QUEUE,
    scheduleToStartMs: config.STIGMER_SCHEDULE_TO_START_SECONDS * 1000,
    startToCloseMs: config.STIGMER_START_TO_CLOSE_SECONDS * 1000,
    ...settings,
  };
}

function storeProblems({ problems, damaged }: { readonly problems: readonly string[]; readonly damaged: ReadonlyMap<string, string> }): readonly string[] {
  return [...problems, ...[...damaged].map(([id, why]) => `execution ${id}: ${why}`)];
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function everyHour(clock: Clock, work: () => Promise<void>, log: Logger): () => void {
  let cancel = clock.setTimer(COMPACTION_MS, run);
  function run(): void {
    cancel = clock.setTimer(COMPACTION_MS, run);
    work().catch((error: unknown) => log.error({ err: StigmerError.from(error) }, 'what was kept long enough could not be removed'));
  }
  return () => cancel();
}

async function idle(openCalls: OpenCalls): Promise<void> {
  while (openCalls.size > 0) await delay(10);
}
