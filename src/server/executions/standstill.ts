import { Phase } from '../../contract/phases.js';
import type { ExecutionRow } from '../../store/ports.js';
import type { TemporalState } from '../../workflows/client.js';
import type { Lease, LostLease } from '../runners/lease-registry.js';
import { noRunner, runnerLost, slotsBusy, temporalDown, workerDown } from './notice-texts.js';
import type { NoticeInit } from './standing-notices.js';

/** What there is to do the work, at one moment. */
export interface Surroundings {
  readonly now: number;
  readonly temporal: { readonly address: string; readonly state: TemporalState };
  readonly worker: boolean;
  readonly lastWorker: LostLease | undefined;
  /** By kind of execution. */
  readonly queues: Readonly<Record<ExecutionRow['kind'], QueueState>>;
}

export interface QueueState {
  readonly name: string;
  readonly runners: readonly Lease[];
  readonly last: LostLease | undefined;
  /** Somebody polls it without a lease. */
  readonly polledOtherwise: boolean;
  /** Pending executions, oldest first; known when all slots are busy. */
  readonly line: readonly string[];
}

/** One execution that has not ended. */
export interface Standing {
  readonly id: string;
  readonly kind: ExecutionRow['kind'];
  readonly phase: number;
  readonly createdAt: number;
  /** The lease that was lost while its holder worked on this execution, unless somebody works on it now. */
  readonly lost: LostLease | undefined;
}

/** A pending execution is given so long to start before anything is said about it. */
const PATIENCE_MS = 1_500;

/** What keeps an execution from moving: the first thing on its way that is missing; undefined when nothing is known to be. */
export function reasonForStandstill(execution: Standing, around: Surroundings): NoticeInit | undefined {
  if (execution.phase === (Phase.IN_PROGRESS as number)) return execution.lost === undefined ? undefined : runnerLost(execution.lost);
  if (around.now - execution.createdAt < PATIENCE_MS) return undefined;
  const { temporal, worker, lastWorker } = around;
  if (temporal.state.state === 'down') return temporalDown({ temporal }, temporal.state.error);
  if (!worker) return workerDown(lastWorker);
  return reasonAtQueue(execution, around.queues[execution.kind]);
}

function reasonAtQueue({ id, kind }: Standing, { name, runners, last, polledOtherwise, line }: QueueState): NoticeInit | undefined {
  if (runners.length === 0) return polledOtherwise ? undefined : noRunner(kind === 'agent_execution' ? 'agent-runner' : 'workflow-runner', name, last);
  if (!allBusy(runners)) return undefined;
  const place = line.indexOf(id);
  return slotsBusy(runners.length, slotsOf(runners), place < 0 ? undefined : place);
}

/** Whether no runner has a free slot. */
export function allBusy(runners: readonly Lease[]): boolean {
  return runners.length > 0 && runners.reduce((sum, { slotsUsed }) => sum + slotsUsed, 0) >= slotsOf(runners);
}

function slotsOf(runners: readonly Lease[]): number {
  return runners.reduce((sum, { introduction }) => sum + introduction.slots, 0);
}
