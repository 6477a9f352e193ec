import { defineEnvironment, type EnvironmentValues } from '../contract/environment.js';

/** What the agent-runner reads. The names are those of the original's runner and of what its launchers set for it. */
export const environment = defineEnvironment({
  STIGMER_BACKEND_ENDPOINT: {
    type: 'address',
    required: true,
    meaning: "the address of stigmer-server's gRPC port, as it is reached from here",
    example: 'localhost:7234',
    refused: { STIGMER_BACKEND_URL: 'the name of the variable is STIGMER_BACKEND_ENDPOINT, and its value host:port without a scheme' },
  },
  STIGMER_BACKEND_CA_FILE: {
    type: 'path',
    meaning: 'a PEM file with the root certificate of the server; without it the connection is in clear text, but for port 443',
    example: '/etc/stigmer/ca.pem',
  },
  STIGMER_TOKEN_FILE: { type: 'path', meaning: "the file that holds this runner's token", example: '/run/secrets/stigmer-runner-token' },
  STIGMER_API_KEY: { type: 'string', secret: true, meaning: "this runner's token itself, where there is no file for it", example: 'a token of the server' },
  STIGMER_RUNNER_NAME: {
    type: 'string',
    default: 'agent-runner-1',
    meaning: 'the name of this runner, unique among those of the server, whose token is made out to it',
    example: 'agent-runner-1',
  },
  TEMPORAL_SERVICE_ADDRESS: {
    type: 'address',
    required: true,
    aliases: ['TEMPORAL_HOST_PORT'],
    meaning: 'the address of the Temporal frontend',
    example: 'localhost:7233',
  },
  TEMPORAL_NAMESPACE: { type: 'string', default: 'default', meaning: "the namespace of Temporal that the server's workflows run in", example: 'default' },
  TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE: {
    type: 'string',
    default: 'agent_execution_runner',
    meaning: 'the task queue from which runs are taken',
    example: 'agent_execution_runner',
  },
  TEMPORAL_MAX_CONCURRENCY: { type: 'int', default: 10, min: 1, max: 1000, meaning: 'the number of runs at a time', example: '10' },
  STIGMER_LLM_PROVIDER: {
    type: 'enum',
    values: ['ollama', 'openai', 'anthropic'],
    default: 'ollama',
    meaning: 'the protocol of the model provider',
    example: 'openai',
  },
  STIGMER_LLM_MODEL: { type: 'string', meaning: "the model, where a run does not choose one, by the provider's name for it", example: 'qwen2.5-coder:7b' },
  STIGMER_LLM_BASE_URL: { type: 'string', meaning: 'the URL of the model provider', example: 'http://localhost:8000/v1' },
  OLLAMA_BASE_URL: { type: 'string', meaning: 'the URL of Ollama', example: 'http://localhost:11434' },
  STIGMER_LLM_API_KEY: { type: 'string', secret: true, meaning: 'the key for the model provider, whichever it is', example: 'a key of the provider' },
  ANTHROPIC_API_KEY: { type: 'string', secret: true, meaning: 'the key for the provider anthropic', example: 'sk-ant-…' },
  OPENAI_API_KEY: { type: 'string', secret: true, meaning: 'the key for the provider openai', example: 'sk-…' },
  STIGMER_LLM_MAX_TOKENS: { type: 'int', min: 1, meaning: 'the most tokens of one answer of the model', example: '8192' },
  STIGMER_LLM_TEMPERATURE: { type: 'string', meaning: 'the temperature of the model, from 0 to 2', example: '0.2' },
  STIGMER_LLM_PRICE_INPUT: { type: 'string', meaning: 'what a million tokens of input cost, in US dollars', example: '2.50' },
  STIGMER_LLM_PRICE_OUTPUT: { type: 'string', meaning: 'what a million tokens of output cost, in US dollars', example: '10' },
  STIGMER_LLM_CONTEXT_TOKENS: { type: 'int', min: 1024, meaning: "the size of the model's context that Ollama is asked for", example: '16384' },
  SANDBOX_ROOT_DIR: {
    type: 'path',
    required: true,
    aliases: ['WORKSPACE_ROOT'],
    meaning: 'the folder in which each session has its workspace',
    example: '/workspace',
  },
  STIGMER_HOST_TOOLS: {
    type: 'boolean',
    default: false,
    meaning: 'whether agents may run commands with the rights of this process; meant for a container, or for agents that are trusted',
    example: '1',
  },
  STIGMER_EXIT_WITH_STDIN: { type: 'boolean', default: false, meaning: 'whether the program ends when its standard input ends', example: '1' },
  LOG_LEVEL: {
    type: 'enum',
    values: ['trace', 'debug', 'info', 'warn', 'warning', 'error', 'fatal'],
    default: 'info',
    meaning: 'the least severity that is logged',
    example: 'debug',
  },
});

export type RunnerEnvironment = EnvironmentValues<typeof environment.variables>;

/** Where the programs of commands are looked for. */
export function searchPath(): string {
  return process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
}

/** Variables by which the libraries of the loop could be steered, or made to send conversations elsewhere. */
const OF_LIBRARIES = /^(LANGSMITH|LANGCHAIN|LANGGRAPH|OPENAI|ANTHROPIC|OLLAMA)_/;

/**
 * What this process was started with. Afterwards secrets and the variables of libraries are gone from `process.env`: neither a library
 * nor a child process gets them by accident. Throws StigmerError that names every variable at fault.
 */
export function readEnvironment(): RunnerEnvironment {
  const values = environment.read(process.env);
  const secrets = Object.entries(environment.variables).flatMap(([name, variable]) => ('secret' in variable && variable.secret ? [name] : []));
  for (const name of Object.keys(process.env)) {
    if (secrets.includes(name) || OF_LIBRARIES.test(name)) delete process.env[name];
  }
  return values;
}
