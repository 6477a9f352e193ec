import { invalidArgument } from '../../contract/errors.js';
import type { AgentExecutionStatus } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import type { WorkflowExecutionStatus } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import type { Update } from '../../execution/update.js';
import type { CallContext } from '../rpc.js';
import type { ExecutionsContext } from './context.js';
import { encodeExecution } from './execution-message.js';
import { type ExecutionKind } from './execution-kind.js';
import { keepLargeResults } from './large-results.js';
import { assertKind } from './assert-kind.js';

interface StatusInput {
  readonly executionId: string;
  readonly status?: AgentExecutionStatus | WorkflowExecutionStatus | undefined;
}

/**
 * Takes in a full status, as the original's runners send it, and answers the encoded execution as it then is, once that is on disk. From
 * the workflow worker it is the run's last word, which fills what is missing and never undoes an end.
 */
export async function updateStatus(context: ExecutionsContext, kind: ExecutionKind, { executionId, status }: StatusInput, call: CallContext): Promise<Uint8Array> {
  if (executionId === '') throw invalidArgument('execution_id', 'execution_id is required');
  if (status === undefined) throw invalidArgument('status', 'status is required');
  const update: Update = { type: call.caller.kind === 'worker' ? 'final' : 'status', status };
  return context.actors.actor(executionId).submit({
    update: await keepLargeResults(context.store.artifacts, executionId, update),
    check: ({ row }) => assertKind(kind, row),
    answer: ({ envelope, projection }) => encodeExecution(envelope, projection),
  });
}
