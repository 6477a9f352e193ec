import { defineEnvironment } from '../../contract/environment.js';

/**
 * What the original's agent-runner (Python) reads in its local mode, found in its code: its documents and launchers name others, to
 * which it does not listen (TASK_QUEUE, WORKSPACE_ROOT, STIGMER_LLM_BASE_URL, OPENAI_API_KEY). An address that it would silently
 * take a default for is required here.
 */
export const originalRunnerEnvironment = defineEnvironment({
  MODE: { type: 'enum', values: ['local', 'cloud'], required: true, meaning: 'local; anything else is its cloud mode, which wants Redis and Daytona', example: 'local' },
  STIGMER_BACKEND_ENDPOINT: {
    type: 'address',
    required: true,
    meaning: "the address of stigmer-server's gRPC port, with TLS only where the port is 443",
    example: 'localhost:7234',
    refused: { STIGMER_BACKEND_URL: 'the name of the variable is STIGMER_BACKEND_ENDPOINT, and its value host:port without a scheme' },
  },
  STIGMER_API_KEY: { type: 'string', required: true, secret: true, meaning: "this runner's token, which it sends with every call", example: 'a token of the server' },
  TEMPORAL_SERVICE_ADDRESS: { type: 'address', required: true, meaning: 'the address of the Temporal frontend', example: 'localhost:7233' },
  TEMPORAL_NAMESPACE: { type: 'string', default: 'default', meaning: 'the namespace on Temporal', example: 'default' },
  TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE: {
    type: 'string',
    default: 'agent_execution_runner',
    meaning: 'the task queue from which runs are taken',
    example: 'agent_execution_runner',
  },
  TEMPORAL_MAX_CONCURRENCY: { type: 'int', default: 10, min: 1, meaning: 'the number of runs at a time', example: '10' },
  SANDBOX_TYPE: { type: 'string', default: 'filesystem', meaning: 'where tools work; locally always the file system', example: 'filesystem' },
  SANDBOX_ROOT_DIR: { type: 'string', required: true, meaning: 'the folder in which agents work', example: '/workspace' },
  STIGMER_EXECUTION_MODE: { type: 'enum', values: ['local', 'sandbox', 'auto'], meaning: 'read and otherwise unused; any other value ends it', example: 'local' },
  STIGMER_LLM_PROVIDER: { type: 'enum', values: ['ollama', 'openai', 'anthropic'], default: 'ollama', meaning: 'the model provider', example: 'ollama' },
  STIGMER_LLM_MODEL: { type: 'string', meaning: "the model, by the provider's name for it", example: 'qwen2.5-coder:7b' },
  OLLAMA_BASE_URL: { type: 'string', meaning: 'the URL of Ollama', example: 'http://localhost:11434' },
  STIGMER_LLM_API_KEY: { type: 'string', secret: true, meaning: 'the key for the model provider', example: 'a key of the provider' },
  ANTHROPIC_API_KEY: { type: 'string', secret: true, meaning: 'the key for the model provider, where STIGMER_LLM_API_KEY is not set', example: 'sk-ant-…' },
  STIGMER_LLM_MAX_TOKENS: { type: 'int', min: 1, meaning: 'read and not applied', example: '8192' },
  STIGMER_LLM_TEMPERATURE: { type: 'string', meaning: 'read and not applied', example: '0.2' },
  LOG_LEVEL: { type: 'enum', values: ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'], default: 'INFO', meaning: 'the least severity that is logged', example: 'INFO' },
});
