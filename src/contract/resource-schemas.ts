import { type Agent, AgentSchema } from './gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import { type AgentExecution, AgentExecutionSchema } from './gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { type AgentInstance, AgentInstanceSchema } from './gen/ai/stigmer/agentic/agentinstance/v1/api_pb.js';
import { type Environment, EnvironmentSchema } from './gen/ai/stigmer/agentic/environment/v1/api_pb.js';
import { type ExecutionContext, ExecutionContextSchema } from './gen/ai/stigmer/agentic/executioncontext/v1/api_pb.js';
import { type McpServer, McpServerSchema } from './gen/ai/stigmer/agentic/mcpserver/v1/api_pb.js';
import { type Session, SessionSchema } from './gen/ai/stigmer/agentic/session/v1/api_pb.js';
import { type Skill, SkillSchema } from './gen/ai/stigmer/agentic/skill/v1/api_pb.js';
import { type Workflow, WorkflowSchema } from './gen/ai/stigmer/agentic/workflow/v1/api_pb.js';
import { type WorkflowExecution, WorkflowExecutionSchema } from './gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { type WorkflowInstance, WorkflowInstanceSchema } from './gen/ai/stigmer/agentic/workflowinstance/v1/api_pb.js';
import { ApiResourceKind } from './kinds.js';

/** A resource of any kind that is served here. All share the envelope of apiVersion, kind, metadata, spec and status. */
export type AnyResource =
  | Agent
  | AgentExecution
  | AgentInstance
  | Environment
  | ExecutionContext
  | McpServer
  | Session
  | Skill
  | Workflow
  | WorkflowExecution
  | WorkflowInstance;

/** Message of each kind that is served here. */
export const resourceSchemas = {
  [ApiResourceKind.agent]: AgentSchema,
  [ApiResourceKind.agent_execution]: AgentExecutionSchema,
  [ApiResourceKind.session]: SessionSchema,
  [ApiResourceKind.skill]: SkillSchema,
  [ApiResourceKind.mcp_server]: McpServerSchema,
  [ApiResourceKind.agent_instance]: AgentInstanceSchema,
  [ApiResourceKind.workflow]: WorkflowSchema,
  [ApiResourceKind.workflow_instance]: WorkflowInstanceSchema,
  [ApiResourceKind.workflow_execution]: WorkflowExecutionSchema,
  [ApiResourceKind.environment]: EnvironmentSchema,
  [ApiResourceKind.execution_context]: ExecutionContextSchema,
} as const;

/** A kind that is served here. */
export type ServedKind = keyof typeof resourceSchemas;

/** Whether a kind is served here; the others are known by name and number only. */
export function isServedKind(kind: ApiResourceKind): kind is ServedKind {
  return kind in resourceSchemas;
}
