import type { RpcClient } from '../../client/rpc-client.js';
import { ApiResourceKind, resourceKind } from '../../contract/kinds.js';
import type { AgentExecution } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import type { WorkflowExecution } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { findAmong } from '../resources/find-resource.js';
import type { Kind } from '../resources/kinds.js';

/** An execution, and which of the two kinds it is. */
export interface FoundExecution {
  readonly kind: 'agent' | 'workflow';
  readonly resourceKind: Kind;
  readonly execution: AgentExecution | WorkflowExecution;
}

const KINDS = [resourceKind(ApiResourceKind.agent_execution), resourceKind(ApiResourceKind.workflow_execution)] as readonly Kind[];

/** The execution with this id. Throws NOT_FOUND. */
export async function findExecution(client: RpcClient, id: string): Promise<FoundExecution> {
  const [found] = await findAmong(client, KINDS, { nameOrId: id, org: '' });
  if (found === undefined) throw new RangeError('something was found, or the search has thrown');
  const kind = found.kind.kind === ApiResourceKind.agent_execution ? 'agent' : 'workflow';
  return { kind, resourceKind: found.kind, execution: found.resource as AgentExecution | WorkflowExecution };
}
