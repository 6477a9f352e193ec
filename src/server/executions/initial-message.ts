import type { AgentExecution } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import type { WorkflowExecution } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { initialProjection } from '../../execution/projection.js';
import type { ExecutionRow } from '../../store/ports.js';
import { executionKind } from './execution-kind.js';
import { decodeExecution, encodeExecution, envelopeOf } from './execution-message.js';

/** An execution as it is answered right after its creation: pending, nothing else. */
export function initialMessage(row: ExecutionRow): AgentExecution | WorkflowExecution {
  return decodeExecution(row.kind, encodeExecution(envelopeOf(row), initialProjection(executionKind(row.kind).projected)));
}
