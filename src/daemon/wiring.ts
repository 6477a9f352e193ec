import { environment as demoModelEnvironment } from '../demo-model/env.js';
import { environment as runnerEnvironment } from '../runner/env.js';
import { serverEnvironment } from '../server/env.js';
import { workerEnvironment } from '../workflows/worker/env.js';
import type { SupervisorSettings } from './env.js';
import { type Home, tokenPath } from './home.js';
import type { ProviderSettings } from './provider.js';
import { composeEnvironment } from './wiring/compose-environment.js';
import { type Endpoint, type Network, addressFrom, urlFrom } from './wiring/network.js';
import { originalRunnerEnvironment } from './wiring/original-runner.js';

/** Where the parts of one installation are, and what they share. Every address that a child is given is computed from it. */
export interface Site {
  readonly home: Home;
  readonly grpc: Endpoint;
  readonly http: Endpoint;
  readonly temporal: Endpoint;
  readonly settings: SupervisorSettings;
  /** This machine's address on the network of our containers, where there is one: the server takes runners' tokens alone there. */
  readonly gateway?: string;
}

/** An agent-runner, as it stands in its network. Paths are those that it sees. */
export interface RunnerPlace {
  readonly network: Network;
  readonly name: string;
  readonly tokenFile: string;
  readonly workspaces: string;
  readonly provider: ProviderSettings;
}

/** The server, a process of this machine. */
export function serverWiring({ home, grpc, http, temporal, settings, gateway }: Site): Record<string, string> {
  return composeEnvironment('the server', serverEnvironment, {
    STIGMER_STATE_DIR: home.state,
    STIGMER_LISTEN: gateway === undefined ? grpc.host : `${grpc.host},runners@${gateway}`,
    GRPC_PORT: grpc.port,
    HTTP_PORT: http.port,
    TEMPORAL_SERVICE_ADDRESS: addressFrom({ kind: 'process' }, temporal),
    TEMPORAL_NAMESPACE: settings.TEMPORAL_NAMESPACE,
    TEMPORAL_AGENT_EXECUTION_STIGMER_TASK_QUEUE: settings.TEMPORAL_AGENT_EXECUTION_STIGMER_TASK_QUEUE,
    TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE: settings.TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE,
    TEMPORAL_WORKFLOW_EXECUTION_STIGMER_TASK_QUEUE: settings.TEMPORAL_WORKFLOW_EXECUTION_STIGMER_TASK_QUEUE,
    TEMPORAL_WORKFLOW_EXECUTION_RUNNER_TASK_QUEUE: settings.TEMPORAL_WORKFLOW_EXECUTION_RUNNER_TASK_QUEUE,
    STIGMER_REFLECTION: settings.STIGMER_REFLECTION,
    STIGMER_SCHEDULE_TO_START_SECONDS: settings.STIGMER_SCHEDULE_TO_START_SECONDS,
    STIGMER_START_TO_CLOSE_SECONDS: settings.STIGMER_START_TO_CLOSE_SECONDS,
    STIGMER_WATCH_STALL_SECONDS: settings.STIGMER_WATCH_STALL_SECONDS,
    STIGMER_EXIT_WITH_STDIN: true,
    LOG_LEVEL: settings.LOG_LEVEL,
  });
}

/** The workflow worker in `network`, with its token in `tokenFile`. */
export function workerWiring({ home, grpc, temporal, settings }: Site, network: Network, tokenFile = tokenPath(home, 'worker')): Record<string, string> {
  return composeEnvironment('the worker', workerEnvironment, {
    STIGMER_BACKEND_ENDPOINT: addressFrom(network, grpc),
    STIGMER_TOKEN_FILE: tokenFile,
    STIGMER_WORKER_NAME: 'worker',
    TEMPORAL_SERVICE_ADDRESS: addressFrom(network, temporal),
    TEMPORAL_NAMESPACE: settings.TEMPORAL_NAMESPACE,
    TEMPORAL_AGENT_EXECUTION_STIGMER_TASK_QUEUE: settings.TEMPORAL_AGENT_EXECUTION_STIGMER_TASK_QUEUE,
    TEMPORAL_WORKFLOW_EXECUTION_STIGMER_TASK_QUEUE: settings.TEMPORAL_WORKFLOW_EXECUTION_STIGMER_TASK_QUEUE,
    STIGMER_EXIT_WITH_STDIN: diesWithSupervisor(network),
    LOG_LEVEL: settings.LOG_LEVEL,
  });
}

/** An agent-runner. Its keys for the model provider go by its environment, which only its own user can read; its token by file. */
export function runnerWiring({ grpc, temporal, settings }: Site, place: RunnerPlace): Record<string, string> {
  return composeEnvironment(place.name, runnerEnvironment, {
    ...providerFrom(place),
    STIGMER_BACKEND_ENDPOINT: addressFrom(place.network, grpc),
    STIGMER_TOKEN_FILE: place.tokenFile,
    STIGMER_RUNNER_NAME: place.name,
    TEMPORAL_SERVICE_ADDRESS: addressFrom(place.network, temporal),
    TEMPORAL_NAMESPACE: settings.TEMPORAL_NAMESPACE,
    TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE: settings.TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE,
    TEMPORAL_MAX_CONCURRENCY: settings.TEMPORAL_MAX_CONCURRENCY,
    SANDBOX_ROOT_DIR: place.workspaces,
    STIGMER_HOST_TOOLS: settings.STIGMER_HOST_TOOLS,
    STIGMER_EXIT_WITH_STDIN: diesWithSupervisor(place.network),
    LOG_LEVEL: settings.LOG_LEVEL,
  });
}

/** The demo model, a process of this machine. */
export function demoModelWiring({ port }: Endpoint): Record<string, string> {
  return composeEnvironment('the demo model', demoModelEnvironment, { DEMO_MODEL_PORT: port, STIGMER_EXIT_WITH_STDIN: true });
}

/** The original's agent-runner. It takes its token by its environment alone. */
export function originalRunnerWiring({ grpc, temporal, settings }: Site, place: RunnerPlace, token: string): Record<string, string> {
  const { STIGMER_LLM_BASE_URL, OPENAI_API_KEY, STIGMER_LLM_CONTEXT_TOKENS: _unread, ...provider } = providerFrom(place);
  return composeEnvironment(`${place.name} (the original's)`, originalRunnerEnvironment, {
    ...provider,
    // It listens to this name for Ollama's address, and to that one for any key. Of other providers it cannot be told the address.
    OLLAMA_BASE_URL: provider.OLLAMA_BASE_URL ?? (provider.STIGMER_LLM_PROVIDER === 'ollama' ? STIGMER_LLM_BASE_URL : undefined),
    STIGMER_LLM_API_KEY: provider.STIGMER_LLM_API_KEY ?? OPENAI_API_KEY,
    MODE: 'local',
    STIGMER_BACKEND_ENDPOINT: addressFrom(place.network, grpc),
    STIGMER_API_KEY: token,
    TEMPORAL_SERVICE_ADDRESS: addressFrom(place.network, temporal),
    TEMPORAL_NAMESPACE: settings.TEMPORAL_NAMESPACE,
    TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE: settings.TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE,
    TEMPORAL_MAX_CONCURRENCY: settings.TEMPORAL_MAX_CONCURRENCY,
    SANDBOX_ROOT_DIR: place.workspaces,
    LOG_LEVEL: pythonLevel(settings.LOG_LEVEL),
  });
}

/** A provider on this machine's loopback has another name where the runner is. */
function providerFrom({ network, provider }: RunnerPlace): ProviderSettings {
  const { STIGMER_LLM_BASE_URL: base, OLLAMA_BASE_URL: ollama } = provider;
  return {
    ...provider,
    STIGMER_LLM_BASE_URL: base === undefined ? undefined : urlFrom(network, String(base)),
    OLLAMA_BASE_URL: ollamaUrl(network, provider, ollama === undefined ? undefined : String(ollama)),
  };
}

/** The runner's own default is its loopback, which in a container is not where Ollama is. */
function ollamaUrl(network: Network, { STIGMER_LLM_PROVIDER, STIGMER_LLM_BASE_URL }: ProviderSettings, url: string | undefined): string | undefined {
  if (url !== undefined) return urlFrom(network, url);
  const isDefault = STIGMER_LLM_PROVIDER === 'ollama' && STIGMER_LLM_BASE_URL === undefined;
  return isDefault && network.kind !== 'process' ? urlFrom(network, 'http://localhost:11434') : undefined;
}

/** A child on this machine has a stdin that ends with the supervisor; one elsewhere has none. */
function diesWithSupervisor(network: Network): boolean | undefined {
  return network.kind === 'process' ? true : undefined;
}

function pythonLevel(level: SupervisorSettings['LOG_LEVEL']): string | undefined {
  if (level === undefined) return undefined;
  return { trace: 'DEBUG', debug: 'DEBUG', info: 'INFO', warn: 'WARNING', error: 'ERROR', fatal: 'CRITICAL' }[level];
}
