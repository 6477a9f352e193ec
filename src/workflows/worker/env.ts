import { fileURLToPath } from 'node:url';
import { defineEnvironment, type EnvironmentValues } from '../../contract/environment.js';
import { DEFAULT_QUEUES } from '../names.js';

/** What the workflow worker reads of its environment. */
export const workerEnvironment = defineEnvironment({
  STIGMER_BACKEND_ENDPOINT: {
    type: 'address',
    required: true,
    meaning: 'the address of stigmer-server',
    example: 'localhost:7234',
    refused: { STIGMER_BACKEND_URL: 'use STIGMER_BACKEND_ENDPOINT, without a scheme' },
  },
  STIGMER_TOKEN_FILE: {
    type: 'path',
    required: true,
    meaning: "the file that holds the worker's token for the server",
    example: '/home/me/.stigmer/state/tokens/worker',
  },
  TEMPORAL_SERVICE_ADDRESS: {
    type: 'address',
    required: true,
    aliases: ['TEMPORAL_HOST_PORT'],
    meaning: 'the address of Temporal',
    example: 'localhost:7233',
  },
  TEMPORAL_NAMESPACE: { type: 'string', default: 'default', meaning: 'the namespace on Temporal', example: 'default' },
  TEMPORAL_AGENT_EXECUTION_STIGMER_TASK_QUEUE: {
    type: 'string',
    default: DEFAULT_QUEUES.agentExecution,
    meaning: 'the task queue of the workflows of agent executions',
    example: DEFAULT_QUEUES.agentExecution,
  },
  TEMPORAL_WORKFLOW_EXECUTION_STIGMER_TASK_QUEUE: {
    type: 'string',
    default: DEFAULT_QUEUES.workflowExecution,
    meaning: 'the task queue of the workflows of workflow executions',
    example: DEFAULT_QUEUES.workflowExecution,
  },
  STIGMER_WORKER_NAME: { type: 'string', default: 'worker', meaning: 'the name under which the server knows this worker', example: 'worker' },
  STIGMER_WORKER_BUNDLE: {
    type: 'path',
    default: fileURLToPath(new URL('../workflow-bundle.js', import.meta.url)),
    meaning: 'the bundled workflow definitions of this version',
    example: '/opt/stigmer/dist/workflows/workflow-bundle.js',
  },
  STIGMER_WORKFLOW_INTERNAL_HOSTS: {
    type: 'string',
    default: '',
    meaning: 'internal hosts that HTTP calls of workflows may reach, separated by commas',
    example: 'localhost:8080,intranet.local',
  },
  STIGMER_EXIT_WITH_STDIN: { type: 'boolean', default: false, meaning: 'whether to end when standard input ends, as a child of the supervisor does', example: '1' },
  LOG_LEVEL: {
    type: 'enum',
    values: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'],
    default: 'info',
    meaning: 'the least severity that is logged',
    example: 'debug',
  },
});

export type WorkerConfig = EnvironmentValues<typeof workerEnvironment.variables>;

/** Throws StigmerError that names every variable which is missing or malformed. */
export function readWorkerConfig(): WorkerConfig {
  return workerEnvironment.read(process.env);
}
