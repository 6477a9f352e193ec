import { defineEnvironment, type EnvironmentValues } from '../contract/environment.js';

const queue = (name: string, meaning: string) => ({ type: 'string', default: name, meaning, example: name }) as const;

/** What the server reads of its environment. */
export const serverEnvironment = defineEnvironment({
  STIGMER_STATE_DIR: {
    type: 'path',
    required: true,
    meaning: 'the folder with the database, the keys and the tokens',
    example: '/home/me/.stigmer/state',
  },
  GRPC_PORT: { type: 'int', default: 7234, max: 65_535, meaning: 'the port for gRPC; 0 takes a free one', example: '7234' },
  HTTP_PORT: { type: 'int', default: 7235, max: 65_535, meaning: 'the port for HTTP; 0 takes a free one', example: '7235' },
  STIGMER_LISTEN: {
    type: 'string',
    default: '127.0.0.1',
    meaning: 'the addresses to listen at for gRPC, separated by commas; runners@ADDRESS takes the tokens of runners only',
    example: '127.0.0.1,runners@172.30.0.1',
  },
  TEMPORAL_SERVICE_ADDRESS: {
    type: 'address',
    default: '127.0.0.1:7233',
    aliases: ['TEMPORAL_HOST_PORT'],
    meaning: 'the address of Temporal',
    example: '127.0.0.1:7233',
  },
  TEMPORAL_NAMESPACE: { type: 'string', default: 'default', meaning: 'the namespace on Temporal', example: 'default' },
  TEMPORAL_AGENT_EXECUTION_STIGMER_TASK_QUEUE: queue('agent_execution_stigmer', 'the task queue of the workflows of agent executions'),
  TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE: queue('agent_execution_runner', 'the task queue that agent-runners poll'),
  TEMPORAL_WORKFLOW_EXECUTION_STIGMER_TASK_QUEUE: queue('workflow_execution_stigmer', 'the task queue of the workflows of workflow executions'),
  TEMPORAL_WORKFLOW_EXECUTION_RUNNER_TASK_QUEUE: queue('workflow_execution_runner', 'the task queue that workflow-runners poll'),
  STIGMER_REFLECTION: { type: 'boolean', default: false, meaning: 'whether gRPC server reflection is on', example: '1' },
  STIGMER_EXIT_WITH_STDIN: { type: 'boolean', default: false, meaning: 'whether to end when standard input ends, as a child of the supervisor does', example: '1' },
  STIGMER_SCHEDULE_TO_START_SECONDS: { type: 'int', default: 86_400, min: 1, meaning: 'how long a run waits for a runner before it fails', example: '86400' },
  STIGMER_START_TO_CLOSE_SECONDS: { type: 'int', default: 7_200, min: 1, meaning: 'how long a runner may take for a run', example: '7200' },
  STIGMER_WATCH_STALL_SECONDS: { type: 'int', default: 30, min: 1, meaning: 'how long a watcher may take nothing before it is cut off', example: '30' },
  LOG_LEVEL: {
    type: 'enum',
    values: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'],
    default: 'info',
    meaning: 'the least severity that is logged',
    example: 'debug',
  },
});

export type ServerConfig = EnvironmentValues<typeof serverEnvironment.variables>;

/** Throws StigmerError that names every variable which is missing or malformed. */
export function readServerConfig(): ServerConfig {
  return serverEnvironment.read(process.env);
}
