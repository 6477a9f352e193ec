import { homedir } from 'node:os';
import { join } from 'node:path';
import { defineEnvironment, type EnvironmentSource, type EnvironmentValues } from '../contract/environment.js';
import { environment as runnerEnvironment } from '../runner/env.js';
import { serverEnvironment } from '../server/env.js';

const runner = runnerEnvironment.variables;
const server = serverEnvironment.variables;

/** A child's variable as the supervisor hands it on: what is not set here is left to the child's own default. */
function handedOn<V extends object>(variable: V): Omit<V, 'default'> & { readonly default?: undefined } {
  return { ...variable, default: undefined };
}

/** What the supervisor reads: where it lives, its ports, and what it hands on to its children. */
export const supervisorEnvironment = defineEnvironment({
  STIGMER_HOME: { type: 'path', default: join(homedir(), '.stigmer'), meaning: 'the folder that everything is kept in, under state/', example: '/home/me/.stigmer' },
  STIGMER_GRPC_PORT: {
    type: 'int',
    default: 7234,
    min: 1,
    max: 65_535,
    aliases: ['GRPC_PORT'],
    refused: {
      STIGMER_BACKEND_URL: 'programs started here are given the address as STIGMER_BACKEND_ENDPOINT, computed from the port. Unset it, and move the server by its port',
    },
    meaning: "stigmer-server's gRPC port on 127.0.0.1",
    example: '7234',
  },
  STIGMER_HTTP_PORT: { type: 'int', default: 7235, min: 1, max: 65_535, meaning: "stigmer-server's HTTP port on 127.0.0.1", example: '7235' },
  STIGMER_TEMPORAL_PORT: { type: 'int', default: 7233, min: 1, max: 65_535, meaning: "the Temporal dev server's port on 127.0.0.1", example: '7233' },
  STIGMER_TEMPORAL_BIN: { type: 'path', meaning: 'the program `temporal` to run as dev server', example: '/usr/local/bin/temporal' },
  TEMPORAL_SERVICE_ADDRESS: {
    type: 'address',
    aliases: ['TEMPORAL_HOST_PORT'],
    meaning: 'a Temporal cluster that is running already, in place of the dev server',
    example: 'temporal.example.org:7233',
  },
  TEMPORAL_NAMESPACE: handedOn(server.TEMPORAL_NAMESPACE),
  TEMPORAL_AGENT_EXECUTION_STIGMER_TASK_QUEUE: handedOn(server.TEMPORAL_AGENT_EXECUTION_STIGMER_TASK_QUEUE),
  TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE: handedOn(server.TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE),
  TEMPORAL_WORKFLOW_EXECUTION_STIGMER_TASK_QUEUE: handedOn(server.TEMPORAL_WORKFLOW_EXECUTION_STIGMER_TASK_QUEUE),
  TEMPORAL_WORKFLOW_EXECUTION_RUNNER_TASK_QUEUE: handedOn(server.TEMPORAL_WORKFLOW_EXECUTION_RUNNER_TASK_QUEUE),
  STIGMER_REFLECTION: handedOn(server.STIGMER_REFLECTION),
  STIGMER_SCHEDULE_TO_START_SECONDS: handedOn(server.STIGMER_SCHEDULE_TO_START_SECONDS),
  STIGMER_START_TO_CLOSE_SECONDS: handedOn(server.STIGMER_START_TO_CLOSE_SECONDS),
  STIGMER_WATCH_STALL_SECONDS: handedOn(server.STIGMER_WATCH_STALL_SECONDS),
  LOG_LEVEL: handedOn(server.LOG_LEVEL),
  TEMPORAL_MAX_CONCURRENCY: handedOn(runner.TEMPORAL_MAX_CONCURRENCY),
  STIGMER_AGENT_RUNNERS: { type: 'int', default: 1, min: 1, max: 100, meaning: 'the number of agent-runners', example: '2' },
  STIGMER_RUNNER_MODE: {
    type: 'enum',
    values: ['auto', 'container', 'process'],
    default: 'auto',
    meaning: 'whether agent-runners run in containers or as processes; auto takes containers where an engine answers and has the image',
    example: 'process',
  },
  STIGMER_RUNNER_IMAGE: { type: 'string', meaning: "the image of the agent-runners' containers, in place of this version's", example: 'stigmer/agent-runner:mine' },
  STIGMER_RUNNER_MEMORY: { type: 'string', default: '2g', meaning: 'the most memory of one agent-runner in a container', example: '2g' },
  STIGMER_RUNNER_CPUS: { type: 'string', default: '2', meaning: 'the most processors of one agent-runner in a container', example: '1.5' },
  STIGMER_CONTAINER_ENGINE: { type: 'string', meaning: 'the command of the container engine; docker or podman when left out', example: 'podman' },
  STIGMER_DEMO_MODEL: { type: 'boolean', default: false, meaning: 'whether a scripted demo model stands in where no model provider answers', example: '1' },
  STIGMER_ONLY: { type: 'string', meaning: 'the components to start, separated by commas; all of them when left out', example: 'temporal,server' },
  STIGMER_START_TIMEOUT_S: { type: 'int', default: 30, min: 1, max: 3600, meaning: 'the seconds in which a component must become ready', example: '60' },
  STIGMER_LLM_PROVIDER: handedOn(runner.STIGMER_LLM_PROVIDER),
  STIGMER_LLM_MODEL: runner.STIGMER_LLM_MODEL,
  STIGMER_LLM_BASE_URL: runner.STIGMER_LLM_BASE_URL,
  OLLAMA_BASE_URL: runner.OLLAMA_BASE_URL,
  STIGMER_LLM_API_KEY: runner.STIGMER_LLM_API_KEY,
  ANTHROPIC_API_KEY: runner.ANTHROPIC_API_KEY,
  OPENAI_API_KEY: runner.OPENAI_API_KEY,
  STIGMER_LLM_MAX_TOKENS: runner.STIGMER_LLM_MAX_TOKENS,
  STIGMER_LLM_TEMPERATURE: runner.STIGMER_LLM_TEMPERATURE,
  STIGMER_LLM_CONTEXT_TOKENS: runner.STIGMER_LLM_CONTEXT_TOKENS,
  STIGMER_HOST_TOOLS: handedOn(runner.STIGMER_HOST_TOOLS),
});

export type SupervisorSettings = EnvironmentValues<typeof supervisorEnvironment.variables>;

/** The environment of this process: what children inherit of it, and where programs are looked for. */
export function ownEnvironment(): EnvironmentSource {
  return process.env;
}

/** Throws StigmerError INVALID_ARGUMENT that names every variable which is malformed. */
export function readSupervisorSettings(env: EnvironmentSource = process.env): SupervisorSettings {
  return supervisorEnvironment.read(env);
}

/**
 * `env` with the paths among the supervisor's variables made absolute: it does not run in the folder in which they were written.
 *
 * @throws StigmerError INVALID_ARGUMENT that names every variable which is malformed
 */
export function withAbsolutePaths(env: EnvironmentSource): Record<string, string | undefined> {
  const values: Readonly<Record<string, unknown>> = supervisorEnvironment.read(env);
  const absolute = { ...env };
  for (const [name, { type }] of Object.entries(supervisorEnvironment.variables)) {
    if (type === 'path' && env[name]) absolute[name] = String(values[name]);
  }
  return absolute;
}
