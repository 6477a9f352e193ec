import { create } from '@bufbuild/protobuf';
import { invalidArgument } from '../../contract/errors.js';
import type { AgentExecution } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import type { WorkflowExecution } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { type CancelRequest, type CancelResponse, CancelResponseSchema } from '../../contract/gen/stigmer/execution/v1/execution_pb.js';
import { byteLength, checkLimit } from '../../contract/limits.js';
import { isTerminal, Phase } from '../../contract/phases.js';
import type { WriteOp } from '../../store/ports.js';
import type { Caller } from '../rpc.js';
import type { ExecutionsContext } from './context.js';
import type { ReducedState } from './execution-actor.js';
import { executionIntent, intentId } from './execution-intents.js';
import { decodeExecution, encodeExecution } from './execution-message.js';
import type { ReportSessions } from './report-sessions.js';

export interface CancelContext extends ExecutionsContext {
  readonly reports: ReportSessions;
}

const REASON_LIMIT = { what: 'reason', max: 4 * 1024, unit: 'bytes' } as const;

/**
 * Ends a run as cancelled. Once this answers it will: that is on disk. The runner is told at once and has some seconds for its last word;
 * a run that nobody has begun ends now. FAILED_PRECONDITION when it has ended already.
 */
export async function cancel(context: CancelContext, { executionId, reason }: CancelRequest, caller: Caller): Promise<CancelResponse> {
  if (executionId === '') throw invalidArgument('execution_id', 'must not be empty');
  checkLimit(REASON_LIMIT, byteLength(reason));
  const { kind, bytes } = await requestCancel(context, executionId, reason || `cancelled by ${caller.name}`);
  const message = decodeExecution(kind, bytes);
  return create(CancelResponseSchema, {
    execution:
      kind === 'agent_execution' ? { case: 'agent', value: message as AgentExecution } : { case: 'workflow', value: message as WorkflowExecution },
  });
}

async function requestCancel(context: CancelContext, executionId: string, reason: string) {
  const { actors, leases, reports, intents } = context;
  const begun = reports.has(executionId) || leases.ofExecution(executionId) !== undefined;
  const answered = await actors.actor(executionId).submit({
    update: { type: 'cancel-request' },
    ops: (state) => cancelOps(context, state, reason, begun),
    answer: ({ row, envelope, projection }) => ({ kind: row.kind, bytes: encodeExecution(envelope, projection) }),
  });
  leases.cancel(executionId, reason);
  intents.wake();
  return answered;
}

function cancelOps({ clock, settings }: CancelContext, { row, projection }: ReducedState, reason: string, begun: boolean): readonly WriteOp[] {
  const phase = projection.status.phase as number;
  if (isTerminal(phase)) return [];
  const now = clock.now();
  const grace = begun || phase === (Phase.IN_PROGRESS as number) ? settings.cancelGraceMs : 0;
  return [
    { op: 'settle-intent', id: intentId('start-workflow', row.id) },
    { op: 'put-intent', intent: executionIntent('cancel-workflow', row.id, now, { kind: row.kind }) },
    { op: 'put-intent', intent: executionIntent('end-cancelled', row.id, now + grace, { reason }) },
  ];
}
