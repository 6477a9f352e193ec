import type { Connection } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';

/** Where an execution's workflow stands. `notFound`: Temporal has no such workflow, or its history is gone. */
export type WorkflowState = 'running' | 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timedOut' | 'notFound';

/** An activity that is waiting for a runner, or running. */
export interface PendingActivity {
  /** `ExecuteGraphton`, `UpdateExecutionStatus` … */
  readonly name: string;
  readonly started: boolean;
  readonly cancelRequested: boolean;
  /** From 1. */
  readonly attempt: number;
  /** Identity of the Temporal worker that runs it or ran it last. */
  readonly worker?: string;
  /** Milliseconds since 1970. */
  readonly scheduledAt?: number;
  readonly startedAt?: number;
  readonly heartbeatAt?: number;
  /** Why the attempt before failed. */
  readonly lastFailure?: string;
}

export interface WorkflowDescription {
  readonly state: WorkflowState;
  /** Why it failed or was terminated, where Temporal knows. */
  readonly reason?: string;
  readonly activities: readonly PendingActivity[];
}

type WorkflowService = Connection['workflowService'];
type DescribeResponse = Awaited<ReturnType<WorkflowService['describeWorkflowExecution']>>;
type Timestamp = Parameters<typeof optionalTsToMs>[0];

/** By the numbers of Temporal's enum WorkflowExecutionStatus. What continues as new goes on running. */
const STATES: Readonly<Record<number, WorkflowState>> = {
  1: 'running',
  2: 'completed',
  3: 'failed',
  4: 'cancelled',
  5: 'terminated',
  6: 'running',
  7: 'timedOut',
};

const ACTIVITY_STARTED = 2;
const ACTIVITY_CANCEL_REQUESTED = 3;

/** Asks Temporal about the newest run of a workflow. Rejects with the gRPC error, NOT_FOUND when there is no such workflow. */
export async function describeWorkflow(service: WorkflowService, namespace: string, workflowId: string): Promise<WorkflowDescription> {
  const execution = { workflowId };
  const response = await service.describeWorkflowExecution({ namespace, execution });
  const state = STATES[response.workflowExecutionInfo?.status ?? 0] ?? 'running';
  const reason = state === 'failed' || state === 'terminated' ? await closeReason(service, namespace, workflowId) : undefined;
  // Temporal goes on listing what a closed workflow had left open.
  const activities = state === 'running' ? (response.pendingActivities ?? []).map(pendingActivity) : [];
  return { state, ...(reason ? { reason } : {}), activities };
}

async function closeReason(service: WorkflowService, namespace: string, workflowId: string): Promise<string | undefined> {
  const { history } = await service.getWorkflowExecutionHistoryReverse({ namespace, execution: { workflowId }, maximumPageSize: 1 });
  const last = history?.events?.[0];
  return last?.workflowExecutionTerminatedEventAttributes?.reason ?? last?.workflowExecutionFailedEventAttributes?.failure?.message ?? undefined;
}

function pendingActivity(activity: NonNullable<DescribeResponse['pendingActivities']>[number]): PendingActivity {
  const state = Number(activity.state);
  const startedAt = milliseconds(activity.lastStartedTime);
  const times = { scheduledAt: milliseconds(activity.scheduledTime), startedAt, heartbeatAt: milliseconds(activity.lastHeartbeatTime) };
  return {
    name: activity.activityType?.name ?? '',
    started: state === ACTIVITY_STARTED || (state === ACTIVITY_CANCEL_REQUESTED && startedAt !== undefined),
    cancelRequested: state === ACTIVITY_CANCEL_REQUESTED,
    attempt: activity.attempt ?? 1,
    ...(activity.lastWorkerIdentity ? { worker: activity.lastWorkerIdentity } : {}),
    ...Object.fromEntries(Object.entries(times).filter(([, time]) => time !== undefined)),
    ...(activity.lastFailure?.message ? { lastFailure: activity.lastFailure.message } : {}),
  };
}

/** Temporal sends times that never were as none, or as 0. */
function milliseconds(time: Timestamp): number | undefined {
  return optionalTsToMs(time) || undefined;
}
