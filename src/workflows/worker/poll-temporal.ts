import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { Backoff } from '../../client/backoff.js';
import { wait } from '../../client/wait.js';
import type { Clock } from '../../contract/clock.js';
import type { ExecutionActivities } from '../activities/execution-activities.js';
import type { InterpreterActivities } from '../activities/interpreter-activities.js';
import type { WorkerConfig } from './env.js';
import type { Logger } from './log.js';

export interface PollOptions {
  readonly config: WorkerConfig;
  readonly queues: readonly string[];
  readonly activities: ExecutionActivities & InterpreterActivities;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Workflow tasks at a time. */
export const WORKFLOW_SLOTS = 10;

/** What two cores and a laptop carry: the work is short, the state of a run small. */
const LIMITS = {
  maxCachedWorkflows: 100,
  maxConcurrentWorkflowTaskExecutions: WORKFLOW_SLOTS,
  maxConcurrentWorkflowTaskPolls: 2,
  // Most of them wait for an agent or a web server.
  maxConcurrentActivityTaskExecutions: 100,
  maxConcurrentActivityTaskPolls: 2,
  // A cancelled activity hears of it with its next sign of life.
  maxHeartbeatThrottleInterval: 1_000,
  shutdownGraceTime: 2_000,
  shutdownForceTime: 4_000,
} as const satisfies Partial<WorkerOptions>;

/** Polls every queue until the signal aborts, waiting for Temporal as long as it takes. Rejects when a worker ends by an error. */
export async function pollTemporal(options: PollOptions, stop: AbortSignal): Promise<void> {
  const connection = await connect(options, stop);
  if (!connection) return;
  const workers: Worker[] = [];
  for (const taskQueue of options.queues) workers.push(await createWorker(options, connection, taskQueue));
  // A worker that is not running refuses to be shut down.
  const shutdown = (): void => workers.filter((worker) => worker.getState() === 'RUNNING').forEach((worker) => worker.shutdown());
  stop.addEventListener('abort', shutdown, { once: true });
  const runs = workers.map((worker) => worker.run().finally(shutdown));
  if (stop.aborted) shutdown();
  options.log.info({ queues: options.queues, temporal: options.config.TEMPORAL_SERVICE_ADDRESS }, 'polling');
  const ends = await Promise.allSettled(runs);
  stop.removeEventListener('abort', shutdown);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  await connection.close();
}

/** Undefined when the signal aborted first. */
async function connect({ config, clock, log }: PollOptions, stop: AbortSignal): Promise<NativeConnection | undefined> {
  const address = config.TEMPORAL_SERVICE_ADDRESS;
  const backoff = new Backoff({ initialMs: 200, maxMs: 2_000 });
  while (!stop.aborted) {
    try {
      return await NativeConnection.connect({ address });
    } catch (error) {
      const retryInMs = Math.round(backoff.next());
      log.warn({ err: error, address, retryInMs }, `Temporal at ${address} does not answer`);
      await wait(clock, retryInMs, stop);
    }
  }
  return undefined;
}

function createWorker({ config, activities }: PollOptions, connection: NativeConnection, taskQueue: string): Promise<Worker> {
  return Worker.create({
    ...LIMITS,
    connection,
    namespace: config.TEMPORAL_NAMESPACE,
    identity: `${config.STIGMER_WORKER_NAME}-${process.pid}`,
    taskQueue,
    workflowBundle: { codePath: config.STIGMER_WORKER_BUNDLE },
    activities,
    dataConverter: { payloadConverterPath: fileURLToPath(new URL('../payloads/converter.js', import.meta.url)) },
  });
}
