import type { Connection } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';

/** A queue of activities as Temporal sees it. */
export interface QueueDescription {
  /** Workers that polled it within the last minutes; one that was killed stays in the list for so long. */
  readonly pollers: readonly { readonly identity: string; readonly lastAccessAt: number }[];
  /** Tasks that nobody has taken yet, about. */
  readonly backlog: number;
}

type WorkflowService = Connection['workflowService'];

/** Asks Temporal who takes activities from a queue. Rejects with the gRPC error. */
export async function describeQueue(service: WorkflowService, namespace: string, queue: string): Promise<QueueDescription> {
  const { pollers, stats } = await service.describeTaskQueue({
    namespace,
    taskQueue: { name: queue },
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- TASK_QUEUE_TYPE_ACTIVITY; the enum's own package is not ours to import
    taskQueueType: 2,
    reportStats: true,
  });
  return {
    pollers: (pollers ?? []).map(({ identity, lastAccessTime }) => ({ identity: identity ?? '', lastAccessAt: optionalTsToMs(lastAccessTime) ?? 0 })),
    backlog: Number(stats?.approximateBacklogCount ?? 0),
  };
}
