import type { DescMessage } from '@bufbuild/protobuf';
import { AgentExecutionSchema, AgentExecutionStatusSchema } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionUpdateStatusInputSchema } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { WorkflowExecutionSchema, WorkflowExecutionStatusSchema } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { WorkflowExecutionUpdateStatusInputSchema } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/command_pb.js';
import { ApiResourceKind, type ResourceKind, resourceKind } from '../../contract/kinds.js';
import type { ExecutionKind as ProjectionKind } from '../../execution/projection.js';
import type { ExecutionRow } from '../../store/ports.js';

/** What differs between the two kinds of executions, as data. */
export interface ExecutionKind {
  readonly stored: ExecutionRow['kind'];
  readonly projected: ProjectionKind;
  readonly kind: ResourceKind;
  readonly schema: DescMessage;
  readonly statusSchema: DescMessage;
  /** Of an `updateStatus`. */
  readonly statusInputSchema: DescMessage;
}

export const agentExecutionKind: ExecutionKind = {
  stored: 'agent_execution',
  projected: 'agent',
  kind: resourceKind(ApiResourceKind.agent_execution),
  schema: AgentExecutionSchema,
  statusSchema: AgentExecutionStatusSchema,
  statusInputSchema: AgentExecutionUpdateStatusInputSchema,
};

export const workflowExecutionKind: ExecutionKind = {
  stored: 'workflow_execution',
  projected: 'workflow',
  kind: resourceKind(ApiResourceKind.workflow_execution),
  schema: WorkflowExecutionSchema,
  statusSchema: WorkflowExecutionStatusSchema,
  statusInputSchema: WorkflowExecutionUpdateStatusInputSchema,
};

export function executionKind(stored: ExecutionRow['kind']): ExecutionKind {
  return stored === 'agent_execution' ? agentExecutionKind : workflowExecutionKind;
}
