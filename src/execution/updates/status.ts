import { invalidArgument } from '../../contract/errors.js';
import type { ExecutionEvent } from '../../contract/gen/stigmer/stream/v1/event_pb.js';
import { isPhase, isTerminal, Phase } from '../../contract/phases.js';
import { diff, diffContents } from '../diff.js';
import { reportedAgent } from '../kinds/agent/target.js';
import { reportedWorkflow } from '../kinds/workflow/target.js';
import type { Projection } from '../projection.js';
import type { ExecutionStatus } from '../update.js';
import { alreadyEnded, begins, failureReason, isPending, sameKind } from './rules.js';

/**
 * A runner's `updateStatus`, told as events. It is the whole status so far: lists that are not empty and fields that are set replace what
 * is there, as in the original; a phase that lies behind is not gone back to.
 *
 * @param time now, in RFC 3339
 */
export function planStatus(projection: Projection, report: ExecutionStatus, time: string): ExecutionEvent[] {
  const phase: number = report.phase;
  if (phase !== Phase.UNSPECIFIED && !isPhase(phase)) throw invalidArgument('status.phase', `must be a number from 0 to 5 and is ${phase}`);
  const target = sameKind(projection, report, {
    agent: (agent, status) => reportedAgent(agent, status),
    workflow: (workflow, status) => reportedWorkflow(workflow, status, time),
  });
  if (isTerminal(projection.status.phase)) {
    if (phase === projection.status.phase && diffContents(projection, target).length === 0) return [];
    throw alreadyEnded(projection);
  }
  const ends = isTerminal(phase);
  const begin = isPending(projection) ? [begins(report.startedAt || time)] : [];
  const contents = diff(projection, {
    ...target,
    phase: ends ? phase : projection.status.phase,
    startedAt: begin.length > 0 ? projection.status.startedAt : target.startedAt,
    completedAt: ends ? target.completedAt || time : target.completedAt,
    error: ends ? failureReason(projection, target, phase) : target.error,
  } as ExecutionStatus);
  return [...begin, ...contents];
}
