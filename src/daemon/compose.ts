import type { Clock } from '../contract/clock.js';
import type { EnvironmentSource } from '../contract/environment.js';
import { packageVersion } from '../contract/version.js';
import { Announcements } from './announcements.js';
import { agentRunners } from './components/agent-runners.js';
import { demoModelComponent } from './components/demo-model.js';
import { serverComponent } from './components/server.js';
import { temporalClusterComponent } from './components/temporal-cluster.js';
import { temporalComponent } from './components/temporal.js';
import { workerComponent } from './components/worker.js';
import type { Workbench } from './components/workbench.js';
import { findRunnersPlace } from './containers/runner-place.js';
import { engineEnvironment } from './containers/sweep.js';
import type { SupervisorSettings } from './env.js';
import { homeAt, prepareHome, tokenPath } from './home.js';
import { type Programs, installedPrograms } from './program-files.js';
import { chooseProvider } from './provider.js';
import { ServerView } from './server-view.js';
import { Supervisor } from './supervisor.js';
import { inheritedEnv } from './supervision/inherited-env.js';
import { freePort } from './supervision/ports.js';
import type { SupervisedTimings } from './supervision/supervised-state.js';
import { createTokens } from './tokens.js';
import { type Site, demoModelWiring, serverWiring, workerWiring } from './wiring.js';
import { type Endpoint, formatAddress, parseAddress } from './wiring/network.js';

export interface ComposeOptions {
  readonly settings: SupervisorSettings;
  /** The supervisor's own environment: what children inherit of it, and where the Temporal CLI is looked for. */
  readonly env: EnvironmentSource;
  readonly clock: Clock;
  readonly random: () => number;
  /** Default: those of this installation. */
  readonly programs?: Programs;
  /**
   * Changes to what components are given, by their name; undefined takes a variable away. It is there to try what a wrong environment
   * leads to, and is not to be reached from the outside.
   */
  readonly environmentOverrides?: Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;
  readonly timings?: Partial<SupervisedTimings>;
}

const LOOPBACK = '127.0.0.1';

/** Makes everything that a supervisor of one home consists of; nothing is started yet. The home's folders and tokens are there then. */
export async function composeSupervisor(options: ComposeOptions): Promise<Supervisor> {
  const { settings, clock, programs = installedPrograms() } = options;
  const home = homeAt(settings.STIGMER_HOME);
  await prepareHome(home);
  const version = packageVersion();
  const announcements = new Announcements();
  const bench: Workbench = {
    home,
    clock,
    random: options.random,
    inherited: inheritedEnv(options.env),
    // Everything starts at once, and a probe takes its share of the processor.
    timings: { startProbeEveryMs: 100, startTimeoutMs: settings.STIGMER_START_TIMEOUT_S * 1_000, ...options.timings },
    notice: announcements.say,
  };
  const given = (component: string, env: Record<string, string>): Record<string, string> => overridden(env, options.environmentOverrides?.[component]);

  let demoEndpoint: Endpoint | undefined;
  const demoUrl = async (): Promise<string> => {
    demoEndpoint = { host: LOOPBACK, port: await freePort(LOOPBACK) };
    return `http://${formatAddress(demoEndpoint)}`;
  };
  const [provider, place] = await Promise.all([
    chooseProvider({ settings, demoUrl, clock }),
    findRunnersPlace({
      home,
      version,
      mode: settings.STIGMER_RUNNER_MODE,
      configuredEngine: settings.STIGMER_CONTAINER_ENGINE,
      configuredImage: settings.STIGMER_RUNNER_IMAGE,
      env: engineEnvironment(options.env),
    }),
  ]);
  if (provider.warning !== undefined) announcements.say(provider.warning);

  const cluster = settings.TEMPORAL_SERVICE_ADDRESS;
  const gateway = place.kind === 'container' ? place.bridge?.gateway : undefined;
  const site: Site = {
    home,
    grpc: { host: LOOPBACK, port: settings.STIGMER_GRPC_PORT },
    http: { host: LOOPBACK, port: settings.STIGMER_HTTP_PORT },
    temporal: cluster === undefined ? { host: LOOPBACK, port: settings.STIGMER_TEMPORAL_PORT } : parseAddress(cluster),
    settings,
    ...(gateway === undefined ? {} : { gateway }),
  };
  const view = new ServerView(site.http, tokenPath(home, 'user'));
  const temporal =
    cluster === undefined
      ? temporalComponent(bench, { endpoint: site.temporal, configuredBinary: settings.STIGMER_TEMPORAL_BIN, searchEnv: options.env })
      : temporalClusterComponent(bench, site.temporal);
  const server = serverComponent(bench, {
    program: programs.server,
    env: given('server', serverWiring(site)),
    grpc: site.grpc,
    http: site.http,
    view,
    wantsTemporal: () => temporal.managed.status().state.kind !== 'stopped',
  });
  const worker = workerComponent(bench, { program: programs.worker, env: given('worker', workerWiring(site, { kind: 'process' })), view });
  const demoModel =
    demoEndpoint === undefined
      ? []
      : [demoModelComponent(bench, { program: programs.demoModel, env: given('demo-model', demoModelWiring(demoEndpoint)), endpoint: demoEndpoint })];
  const runners = agentRunners({ bench, site, place, provider, program: programs.agentRunner, view, given });
  await createTokens(home, ['user', 'worker', ...runners.map(({ name }) => name)]);
  return new Supervisor({ home, version, components: [temporal, server, worker, ...demoModel, ...runners], announcements, clock });
}

function overridden(env: Record<string, string>, changes: Readonly<Record<string, string | undefined>> | undefined): Record<string, string> {
  const changed: Record<string, string | undefined> = { ...env, ...changes };
  return Object.fromEntries(Object.entries(changed).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
