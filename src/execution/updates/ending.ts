import { create } from '@bufbuild/protobuf';
import { AgentMessageSchema } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { MessageType } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import type { ExecutionEvent } from '../../contract/gen/stigmer/stream/v1/event_pb.js';
import { isTerminal, Phase } from '../../contract/phases.js';
import { diff } from '../diff.js';
import { executionEvent } from '../event.js';
import { filledAgent } from '../kinds/agent/target.js';
import { filledWorkflow } from '../kinds/workflow/target.js';
import type { Projection } from '../projection.js';
import { shorten } from '../shorten.js';
import type { ExecutionStatus } from '../update.js';
import { alreadyEnded, ends, failureReason, sameKind } from './rules.js';

/** Bytes of a reason; what is longer is cut, so that an end always fits. */
const REASON_BYTES = 16 * 1024;

/** Nothing yet: the run goes on until it has been stopped. Rejected when it has ended in another way. */
export function planCancelRequest(projection: Projection): ExecutionEvent[] {
  const { phase } = projection.status;
  if (isTerminal(phase) && phase !== Phase.CANCELLED) throw alreadyEnded(projection);
  return [];
}

export function planCancelled(projection: Projection, reason: string, time: string): ExecutionEvent[] {
  const { phase } = projection.status;
  if (phase === Phase.CANCELLED) return [];
  if (isTerminal(phase)) throw alreadyEnded(projection);
  return [ends(Phase.CANCELLED, shorten(reason, REASON_BYTES), time)];
}

/** A failure that no runner reports. The conversation is kept; what the person sees last is why it ended. */
export function planFailure(projection: Projection, error: string, time: string): ExecutionEvent[] {
  if (isTerminal(projection.status.phase)) return [];
  const reason = shorten(error, REASON_BYTES);
  const end = ends(Phase.FAILED, reason, time);
  if (projection.kind === 'workflow') return [end];
  const message = create(AgentMessageSchema, { type: MessageType.MESSAGE_SYSTEM, content: reason, timestamp: time });
  return [executionEvent('messageAppended', { index: projection.messages.length, message }), end];
}

/** The workflow's last word, with everything that the log lacks. */
export function planFinal(projection: Projection, final: ExecutionStatus, time: string): ExecutionEvent[] {
  if (isTerminal(projection.status.phase)) return [];
  const target = sameKind(projection, final, { agent: filledAgent, workflow: filledWorkflow });
  return diff(projection, { ...target, ...finalHead(projection, final, time) } as ExecutionStatus);
}

/** The end alone: what is left of the workflow's last word when the rest of it does not fit. */
export function planFinalPhase(projection: Projection, final: ExecutionStatus, time: string): ExecutionEvent[] {
  const { phase, error, completedAt, startedAt } = finalHead(projection, final, time);
  return [ends(phase, error, completedAt, startedAt)];
}

function finalHead(projection: Projection, final: ExecutionStatus, time: string) {
  const { status } = projection;
  const ended = isTerminal(final.phase);
  const lost = `the run ended, and its runner did not say how (phase ${final.phase})`;
  return {
    phase: ended ? (final.phase as number) : Phase.FAILED,
    error: shorten(ended ? failureReason(projection, final, final.phase) : final.error || lost, REASON_BYTES),
    startedAt: status.startedAt || final.startedAt,
    completedAt: final.completedAt || time,
  };
}
