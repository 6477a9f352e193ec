import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { holdLease } from '../../client/lease.js';
import { RpcClient } from '../../client/rpc-client.js';
import type { Clock } from '../../contract/clock.js';
import { packageVersion } from '../../contract/version.js';
import { interpreterActivities } from '../activities/interpreter.js';
import { claimSecrets } from '../activities/run-secrets.js';
import { executionActivities } from '../activities/update-execution-status.js';
import { checkBundle } from './check-bundle.js';
import type { WorkerConfig } from './env.js';
import type { Logger } from './log.js';
import { WORKFLOW_SLOTS, pollTemporal } from './poll-temporal.js';

export interface WorkerContext {
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The worker's whole life: it gets a lease from the server over the path that its reports will take, then polls Temporal until `stop`
 * aborts. A lease that is lost later is asked for again meanwhile. Rejects when the server refuses this worker for good, and when
 * polling ends by an error.
 */
export async function runWorker(config: WorkerConfig, { clock, log }: WorkerContext, stop: AbortSignal): Promise<void> {
  const version = packageVersion();
  await checkBundle(config.STIGMER_WORKER_BUNDLE, version);
  const queues = [config.TEMPORAL_AGENT_EXECUTION_STIGMER_TASK_QUEUE, config.TEMPORAL_WORKFLOW_EXECUTION_STIGMER_TASK_QUEUE];
  const client = new RpcClient({
    endpoint: config.STIGMER_BACKEND_ENDPOINT,
    token: () => readFileSync(config.STIGMER_TOKEN_FILE, 'utf8').trim(),
    userAgent: `stigmer-worker/${version}`,
  });
  const over = new AbortController();
  const until = AbortSignal.any([stop, over.signal]);
  const held = new AbortController();
  let leaseId = '';
  const lease = holdLease(
    {
      client,
      clock,
      introduction: {
        name: config.STIGMER_WORKER_NAME,
        component: 'worker',
        version,
        taskQueues: queues,
        slots: WORKFLOW_SLOTS,
        host: hostname(),
        pid: process.pid,
        endpoint: config.STIGMER_BACKEND_ENDPOINT,
      },
      load: () => ({ slotsUsed: 0, executionIds: [] }),
      events: {
        held({ id, serverVersion }) {
          leaseId = id;
          log.info({ leaseId: id, serverVersion, endpoint: client.endpoint }, 'lease held');
          held.abort();
        },
        lost: (reason, retryInMs) => log.warn({ endpoint: client.endpoint, retryInMs: Math.round(retryInMs) }, `no lease: ${reason.message}`),
        // The server cancels and drains by way of Temporal; this worker runs nothing itself.
        cancel: () => undefined,
        drain: (reason) => log.info({ reason }, 'the server asks to drain'),
      },
    },
    until,
  );
  const poll = async (): Promise<void> => {
    await aborted(AbortSignal.any([held.signal, until]));
    if (until.aborted) return;
    const activities = {
      ...executionActivities({ client, log }),
      ...interpreterActivities({
        client,
        clock,
        leaseId: () => leaseId,
        fetchSecrets: claimSecrets(client, () => leaseId),
        internalHosts: config.STIGMER_WORKFLOW_INTERNAL_HOSTS.split(',').map((host) => host.trim()).filter((host) => host !== ''),
      }),
    };
    await pollTemporal({ config, queues, activities, clock, log }, until);
  };
  try {
    // Whichever fails ends the other.
    await Promise.all([lease, poll()].map((part) => part.finally(() => over.abort())));
  } finally {
    client.close();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
