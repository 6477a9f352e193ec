import type { Clock } from '../contract/clock.js';
import type { EnvironmentSource } from '../contract/environment.js';
import { packageVersion } from '../contract/version.js';
import { Announcements } from './announcements.js';
import type { Component } from './component.js';
import { AGENT_RUNNER, agentRunnerComponent } from './components/agent-runner.js';
import { demoModelComponent } from './components/demo-model.js';
import { serverComponent } from './components/server.js';
import { temporalClusterComponent } from './components/temporal-cluster.js';
import { temporalComponent } from './components/temporal.js';
import { workerComponent } from './components/worker.js';
import type { Workbench } from './components/workbench.js';
import type { SupervisorSettings } from './env.js';
import { homeAt, prepareHome, tokenPath } from './home.js';
import { type Programs, installedPrograms } from './program-files.js';
import { type Provider, chooseProvider } from './provider.js';
import { ServerView } from './server-view.js';
import { Supervisor } from './supervisor.js';
import { inheritedEnv } from './supervision/inherited-env.js';
import { freePort } from './supervision/ports.js';
import type { SupervisedTimings } from './supervision/supervised-state.js';
import { createTokens } from './tokens.js';
import { type Site, demoModelWiring, runnerWiring, serverWiring, workerWiring } from './wiring.js';
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
  const runners = Array.from({ length: settings.STIGMER_AGENT_RUNNERS }, (_, index) => `${AGENT_RUNNER}-${index + 1}`);
  await createTokens(home, ['user', 'worker', ...runners]);

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
  const cluster = settings.TEMPORAL_SERVICE_ADDRESS;
  const site: Site = {
    home,
    grpc: { host: LOOPBACK, port: settings.STIGMER_GRPC_PORT },
    http: { host: LOOPBACK, port: settings.STIGMER_HTTP_PORT },
    temporal: cluster === undefined ? { host: LOOPBACK, port: settings.STIGMER_TEMPORAL_PORT } : parseAddress(cluster),
    settings,
  };
  const view = new ServerView(site.http, tokenPath(home, 'user'));
  const given = (component: string, env: Record<string, string>): Record<string, string> => overridden(env, options.environmentOverrides?.[component]);

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

  let demoEndpoint: Endpoint | undefined;
  const demoUrl = async (): Promise<string> => {
    demoEndpoint = { host: LOOPBACK, port: await freePort(LOOPBACK) };
    return `http://${formatAddress(demoEndpoint)}`;
  };
  const provider = await chooseProvider({ settings, demoUrl, clock });
  if (provider.warning !== undefined) announcements.say(provider.warning);
  const components: Component[] = [
    temporal,
    server,
    worker,
    ...(demoEndpoint === undefined
      ? []
      : [demoModelComponent(bench, { program: programs.demoModel, env: given('demo-model', demoModelWiring(demoEndpoint)), endpoint: demoEndpoint })]),
    ...runners.map((name) => runnerProcess(name, bench, site, provider, programs, view, given)),
  ];
  return new Supervisor({ home, version: packageVersion(), components, announcements, clock });
}

function runnerProcess(
  name: string,
  bench: Workbench,
  site: Site,
  provider: Provider,
  programs: Programs,
  view: ServerView,
  given: (component: string, env: Record<string, string>) => Record<string, string>,
): Component {
  const env = runnerWiring(site, {
    network: { kind: 'process' },
    name,
    tokenFile: tokenPath(site.home, name),
    workspaces: site.home.workspaces,
    provider: provider.settings,
  });
  return agentRunnerComponent(bench, { name, program: programs.agentRunner, env: given(name, env), view, provider: provider.description });
}

function overridden(env: Record<string, string>, changes: Readonly<Record<string, string | undefined>> | undefined): Record<string, string> {
  const changed: Record<string, string | undefined> = { ...env, ...changes };
  return Object.fromEntries(Object.entries(changed).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
