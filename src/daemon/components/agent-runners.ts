import type { Component } from '../component.js';
import { ContainerSite, type Forwarded } from '../containers/container-site.js';
import { HOME_LABEL } from '../containers/names.js';
import type { RunnersPlace } from '../containers/runner-place.js';
import { tokenPath } from '../home.js';
import type { Program } from '../program-files.js';
import type { Provider } from '../provider.js';
import type { ServerView } from '../server-view.js';
import { type Site, runnerWiring } from '../wiring.js';
import { isThisMachine, parseUrlEndpoint } from '../wiring/network.js';
import { TOKEN_IN_CONTAINER, WORKSPACES_IN_CONTAINER, agentRunnerContainer } from './agent-runner-container.js';
import { AGENT_RUNNER, agentRunnerComponent } from './agent-runner.js';
import type { Workbench } from './workbench.js';

export interface AgentRunnersOptions {
  readonly bench: Workbench;
  readonly site: Site;
  readonly place: RunnersPlace;
  readonly provider: Provider;
  /** The program where they are processes. */
  readonly program: Program;
  readonly view: ServerView;
  /** The environment of a component with what was changed about it. */
  readonly given: (component: string, env: Record<string, string>) => Record<string, string>;
}

/** Processes that one runner in a container may have: tools start some. */
const MOST_PIDS = 512;

/** As many agent-runners as the settings say, all at the same kind of place. */
export function agentRunners(options: AgentRunnersOptions): Component[] {
  const { place, site } = options;
  const names = Array.from({ length: site.settings.STIGMER_AGENT_RUNNERS }, (_, index) => `${AGENT_RUNNER}-${index + 1}`);
  if (place.kind === 'process') return names.map((name) => inProcess(name, place, options));
  const containerSite = siteOf(place, options);
  return names.map((name) => inContainer(name, place, containerSite, options));
}

function inProcess(name: string, place: RunnersPlace, { bench, site, provider, program, view, given }: AgentRunnersOptions): Component {
  const env = runnerWiring(site, {
    network: { kind: 'process' },
    name,
    tokenFile: tokenPath(site.home, name),
    workspaces: site.home.workspaces,
    provider: provider.settings,
  });
  return agentRunnerComponent(bench, { name, program, env: given(name, env), view, description: `${place.why}; ${provider.description}` });
}

function inContainer(
  name: string,
  place: RunnersPlace & { kind: 'container' },
  containerSite: ContainerSite | undefined,
  { bench, site, provider, view, given }: AgentRunnersOptions,
): Component {
  const env = runnerWiring(site, {
    network: place.network,
    name,
    tokenFile: TOKEN_IN_CONTAINER,
    workspaces: WORKSPACES_IN_CONTAINER,
    provider: provider.settings,
  });
  const { STIGMER_RUNNER_MEMORY: memory, STIGMER_RUNNER_CPUS: cpus } = site.settings;
  return agentRunnerContainer(bench, {
    name,
    engine: place.engine,
    image: place.image,
    bridge: place.bridge,
    site: containerSite,
    limits: { memory, cpus, pids: MOST_PIDS },
    env: given(name, env),
    view,
    description: `${place.why}; ${provider.description}`,
  });
}

/** Temporal and a model provider on this machine listen on its loopback, which a container on a bridge does not reach. */
function siteOf({ engine, bridge }: RunnersPlace & { kind: 'container' }, { bench, site, provider }: AgentRunnersOptions): ContainerSite | undefined {
  if (bridge === undefined) return undefined;
  const { STIGMER_LLM_PROVIDER, STIGMER_LLM_BASE_URL, OLLAMA_BASE_URL } = provider.settings;
  const ollama = STIGMER_LLM_PROVIDER === 'ollama' ? (OLLAMA_BASE_URL ?? STIGMER_LLM_BASE_URL ?? 'http://localhost:11434') : undefined;
  const model = parseUrlEndpoint(String(ollama ?? STIGMER_LLM_BASE_URL ?? ''));
  const needed: Forwarded[] = [
    { endpoint: site.temporal, ours: site.settings.TEMPORAL_SERVICE_ADDRESS === undefined },
    ...(model === undefined ? [] : [{ endpoint: model, ours: provider.demo }]),
  ];
  return new ContainerSite({
    engine,
    network: bridge,
    forwarded: needed.filter(({ endpoint }) => isThisMachine(endpoint.host)),
    label: `${HOME_LABEL}=${site.home.root}`,
    clock: bench.clock,
    notice: bench.notice,
  });
}
