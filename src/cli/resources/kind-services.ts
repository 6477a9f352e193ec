import { create, type DescMessage, type DescMethodUnary, type DescService, type MessageInitShape } from '@bufbuild/protobuf';
import { ApiResourceKind } from '../../contract/kinds.js';
import type { ServedKind } from '../../contract/resource-schemas.js';

type Verb = 'get' | 'getByReference' | 'apply' | 'delete';

type Load = () => readonly Promise<object>[];

/** Modules of each kind's services. They are loaded by kind: each comes with its messages, and a command needs those of one or two kinds. */
const modules: Readonly<Record<ServedKind, Load>> = {
  [ApiResourceKind.agent]: () => [
    import('../../contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js'),
    import('../../contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js'),
  ],
  [ApiResourceKind.agent_execution]: () => [
    import('../../contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js'),
    import('../../contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js'),
  ],
  [ApiResourceKind.agent_instance]: () => [
    import('../../contract/gen/ai/stigmer/agentic/agentinstance/v1/query_pb.js'),
    import('../../contract/gen/ai/stigmer/agentic/agentinstance/v1/command_pb.js'),
  ],
  [ApiResourceKind.environment]: () => [
    import('../../contract/gen/ai/stigmer/agentic/environment/v1/query_pb.js'),
    import('../../contract/gen/ai/stigmer/agentic/environment/v1/command_pb.js'),
  ],
  [ApiResourceKind.execution_context]: () => [
    import('../../contract/gen/ai/stigmer/agentic/executioncontext/v1/query_pb.js'),
    import('../../contract/gen/ai/stigmer/agentic/executioncontext/v1/command_pb.js'),
  ],
  [ApiResourceKind.mcp_server]: () => [
    import('../../contract/gen/ai/stigmer/agentic/mcpserver/v1/query_pb.js'),
    import('../../contract/gen/ai/stigmer/agentic/mcpserver/v1/command_pb.js'),
  ],
  [ApiResourceKind.session]: () => [
    import('../../contract/gen/ai/stigmer/agentic/session/v1/query_pb.js'),
    import('../../contract/gen/ai/stigmer/agentic/session/v1/command_pb.js'),
  ],
  [ApiResourceKind.skill]: () => [
    import('../../contract/gen/ai/stigmer/agentic/skill/v1/query_pb.js'),
    import('../../contract/gen/ai/stigmer/agentic/skill/v1/command_pb.js'),
  ],
  [ApiResourceKind.workflow]: () => [
    import('../../contract/gen/ai/stigmer/agentic/workflow/v1/query_pb.js'),
    import('../../contract/gen/ai/stigmer/agentic/workflow/v1/command_pb.js'),
  ],
  [ApiResourceKind.workflow_execution]: () => [
    import('../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/query_pb.js'),
    import('../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/command_pb.js'),
  ],
  [ApiResourceKind.workflow_instance]: () => [
    import('../../contract/gen/ai/stigmer/agentic/workflowinstance/v1/query_pb.js'),
    import('../../contract/gen/ai/stigmer/agentic/workflowinstance/v1/command_pb.js'),
  ],
};

/** The contract's method for a verb on a kind; undefined where the contract has none. All kinds name them alike. */
export async function kindMethod(kind: ServedKind, verb: Verb): Promise<DescMethodUnary | undefined> {
  const loaded = await Promise.all(modules[kind]());
  const services = loaded.flatMap((module) => Object.values(module).filter(isService));
  const method = services.flatMap(({ methods }) => methods).find(({ name }) => name === verb);
  return method?.methodKind === 'unary' ? (method as DescMethodUnary) : undefined;
}

function isService(value: unknown): value is DescService {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'service';
}

/** The request that names a resource by its id. Each kind has a message of its own for it, whose first field is the id. */
export function requestById(method: DescMethodUnary, id: string): MessageInitShape<DescMessage> {
  const [field] = method.input.fields;
  if (field === undefined) throw new TypeError(`${method.input.typeName} has no field for an id`);
  return create(method.input, { [field.localName]: id });
}
