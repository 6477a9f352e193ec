import { create, type Message, type MessageInitShape } from '@bufbuild/protobuf';
import { AgentSchema } from '../../src/contract/gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import type { AgentSpecSchema } from '../../src/contract/gen/ai/stigmer/agentic/agent/v1/spec_pb.js';
import { AgentInstanceSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentinstance/v1/api_pb.js';
import type { AgentInstanceSpecSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentinstance/v1/spec_pb.js';
import { EnvironmentSchema } from '../../src/contract/gen/ai/stigmer/agentic/environment/v1/api_pb.js';
import { ExecutionContextSchema } from '../../src/contract/gen/ai/stigmer/agentic/executioncontext/v1/api_pb.js';
import { McpServerSchema } from '../../src/contract/gen/ai/stigmer/agentic/mcpserver/v1/api_pb.js';
import { SessionSchema } from '../../src/contract/gen/ai/stigmer/agentic/session/v1/api_pb.js';
import type { SessionSpecSchema } from '../../src/contract/gen/ai/stigmer/agentic/session/v1/spec_pb.js';
import { WorkflowSchema } from '../../src/contract/gen/ai/stigmer/agentic/workflow/v1/api_pb.js';
import type { WorkflowSpecSchema } from '../../src/contract/gen/ai/stigmer/agentic/workflow/v1/spec_pb.js';
import { WorkflowInstanceSchema } from '../../src/contract/gen/ai/stigmer/agentic/workflowinstance/v1/api_pb.js';
import type { WorkflowInstanceSpecSchema } from '../../src/contract/gen/ai/stigmer/agentic/workflowinstance/v1/spec_pb.js';
import type { ApiResourceMetadataSchema } from '../../src/contract/gen/ai/stigmer/commons/apiresource/metadata_pb.js';

const apiVersion = 'agentic.stigmer.ai/v1';

type Init<T> = Exclude<T, Message>;
type Metadata = Init<MessageInitShape<typeof ApiResourceMetadataSchema>>;
type AgentSpec = Init<MessageInitShape<typeof AgentSpecSchema>>;
type AgentInstanceSpec = Init<MessageInitShape<typeof AgentInstanceSpecSchema>>;
type SessionSpec = Init<MessageInitShape<typeof SessionSpecSchema>>;
type WorkflowSpec = Init<MessageInitShape<typeof WorkflowSpecSchema>>;
type WorkflowInstanceSpec = Init<MessageInitShape<typeof WorkflowInstanceSpecSchema>>;

const inOrg = (name: string, more: Metadata): Metadata => ({ name, org: 'acme', ownerScope: 2, ...more });

/** Valid drafts of every kind, org-scoped in `acme` where the kind has scopes. */
export const drafts = {
  agent: (name = 'Reviewer', metadata: Metadata = {}, spec: AgentSpec = {}) =>
    create(AgentSchema, {
      apiVersion,
      kind: 'Agent',
      metadata: inOrg(name, metadata),
      spec: { instructions: 'Review it with care.', ...spec },
    }),
  agentInstance: (agentId: string, metadata: Metadata = {}, spec: AgentInstanceSpec = {}) =>
    create(AgentInstanceSchema, { apiVersion, kind: 'AgentInstance', metadata: inOrg('Instance', metadata), spec: { agentId, ...spec } }),
  session: (agentInstanceId: string, metadata: Metadata = {}, spec: SessionSpec = {}) =>
    create(SessionSchema, { apiVersion, kind: 'Session', metadata: inOrg('Session', metadata), spec: { agentInstanceId, ...spec } }),
  environment: (name = 'prod', data: Record<string, { value: string; isSecret?: boolean }> = {}, metadata: Metadata = {}) =>
    create(EnvironmentSchema, { apiVersion, kind: 'Environment', metadata: inOrg(name, metadata), spec: { data } }),
  executionContext: (executionId: string, data: Record<string, { value: string; isSecret?: boolean }> = {}, metadata: Metadata = {}) =>
    create(ExecutionContextSchema, {
      apiVersion,
      kind: 'ExecutionContext',
      metadata: { name: 'Context', org: 'acme', ...metadata },
      spec: { executionId, data },
    }),
  mcpServer: (name = 'github', metadata: Metadata = {}) =>
    create(McpServerSchema, {
      apiVersion,
      kind: 'McpServer',
      metadata: inOrg(name, metadata),
      spec: { serverType: { case: 'stdio', value: { command: 'npx', args: ['server-github'] } } },
    }),
  workflow: (name = 'Release', metadata: Metadata = {}, spec: WorkflowSpec = {}) =>
    create(WorkflowSchema, {
      apiVersion,
      kind: 'Workflow',
      metadata: inOrg(name, metadata),
      spec: {
        document: { dsl: '1.0.0', namespace: 'acme', name: 'release', version: '1.0.0' },
        tasks: [{ name: 'greet', kind: 1, taskConfig: { variables: { greeting: 'hello' } } }],
        ...spec,
      },
    }),
  workflowInstance: (workflowId: string, metadata: Metadata = {}, spec: WorkflowInstanceSpec = {}) =>
    create(WorkflowInstanceSchema, {
      apiVersion,
      kind: 'WorkflowInstance',
      metadata: inOrg('Instance', metadata),
      spec: { workflowId, ...spec },
    }),
};

/** A reference to an environment, as an instance holds it. */
export const environmentRef = (slug: string, more: { readonly org?: string; readonly kind?: number } = {}) => ({ kind: 53, slug, ...more });
