import { create, type DescMessage, type DescMethodUnary, type DescService, type MessageInitShape } from '@bufbuild/protobuf';
import { AgentCommandController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { AgentQueryController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { AgentExecutionCommandController } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { AgentExecutionQueryController } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { AgentInstanceCommandController } from '../../contract/gen/ai/stigmer/agentic/agentinstance/v1/command_pb.js';
import { AgentInstanceQueryController } from '../../contract/gen/ai/stigmer/agentic/agentinstance/v1/query_pb.js';
import { EnvironmentCommandController } from '../../contract/gen/ai/stigmer/agentic/environment/v1/command_pb.js';
import { EnvironmentQueryController } from '../../contract/gen/ai/stigmer/agentic/environment/v1/query_pb.js';
import { ExecutionContextCommandController } from '../../contract/gen/ai/stigmer/agentic/executioncontext/v1/command_pb.js';
import { ExecutionContextQueryController } from '../../contract/gen/ai/stigmer/agentic/executioncontext/v1/query_pb.js';
import { McpServerCommandController } from '../../contract/gen/ai/stigmer/agentic/mcpserver/v1/command_pb.js';
import { McpServerQueryController } from '../../contract/gen/ai/stigmer/agentic/mcpserver/v1/query_pb.js';
import { SessionCommandController } from '../../contract/gen/ai/stigmer/agentic/session/v1/command_pb.js';
import { SessionQueryController } from '../../contract/gen/ai/stigmer/agentic/session/v1/query_pb.js';
import { SkillCommandController } from '../../contract/gen/ai/stigmer/agentic/skill/v1/command_pb.js';
import { SkillQueryController } from '../../contract/gen/ai/stigmer/agentic/skill/v1/query_pb.js';
import { WorkflowCommandController } from '../../contract/gen/ai/stigmer/agentic/workflow/v1/command_pb.js';
import { WorkflowQueryController } from '../../contract/gen/ai/stigmer/agentic/workflow/v1/query_pb.js';
import { WorkflowExecutionCommandController } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/command_pb.js';
import { WorkflowExecutionQueryController } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/query_pb.js';
import { WorkflowInstanceCommandController } from '../../contract/gen/ai/stigmer/agentic/workflowinstance/v1/command_pb.js';
import { WorkflowInstanceQueryController } from '../../contract/gen/ai/stigmer/agentic/workflowinstance/v1/query_pb.js';
import { ApiResourceKind } from '../../contract/kinds.js';
import type { ServedKind } from '../../contract/resource-schemas.js';

type Verb = 'get' | 'getByReference' | 'apply' | 'delete';

const services: Readonly<Record<ServedKind, readonly DescService[]>> = {
  [ApiResourceKind.agent]: [AgentQueryController, AgentCommandController],
  [ApiResourceKind.agent_execution]: [AgentExecutionQueryController, AgentExecutionCommandController],
  [ApiResourceKind.agent_instance]: [AgentInstanceQueryController, AgentInstanceCommandController],
  [ApiResourceKind.environment]: [EnvironmentQueryController, EnvironmentCommandController],
  [ApiResourceKind.execution_context]: [ExecutionContextQueryController, ExecutionContextCommandController],
  [ApiResourceKind.mcp_server]: [McpServerQueryController, McpServerCommandController],
  [ApiResourceKind.session]: [SessionQueryController, SessionCommandController],
  [ApiResourceKind.skill]: [SkillQueryController, SkillCommandController],
  [ApiResourceKind.workflow]: [WorkflowQueryController, WorkflowCommandController],
  [ApiResourceKind.workflow_execution]: [WorkflowExecutionQueryController, WorkflowExecutionCommandController],
  [ApiResourceKind.workflow_instance]: [WorkflowInstanceQueryController, WorkflowInstanceCommandController],
};

/** The contract's method for a verb on a kind; undefined where the contract has none. All kinds name them alike. */
export function kindMethod(kind: ServedKind, verb: Verb): DescMethodUnary | undefined {
  for (const service of services[kind]) {
    const method = service.methods.find(({ name }) => name === verb);
    if (method?.methodKind === 'unary') return method as DescMethodUnary;
  }
  return undefined;
}

/** The request that names a resource by its id. Each kind has a message of its own for it, whose first field is the id. */
export function requestById(method: DescMethodUnary, id: string): MessageInitShape<DescMessage> {
  const [field] = method.input.fields;
  if (field === undefined) throw new TypeError(`${method.input.typeName} has no field for an id`);
  return create(method.input, { [field.localName]: id });
}
