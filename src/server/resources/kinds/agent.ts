import { create } from '@bufbuild/protobuf';
import { type Agent, AgentSchema } from '../../../contract/gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import { AgentCommandController } from '../../../contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { AgentQueryController } from '../../../contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { AgentStatusSchema } from '../../../contract/gen/ai/stigmer/agentic/agent/v1/status_pb.js';
import { AgentInstanceSchema } from '../../../contract/gen/ai/stigmer/agentic/agentinstance/v1/api_pb.js';
import { ApiResourceKind, resourceKind } from '../../../contract/kinds.js';
import { defaultChildDraft } from '../default-child-draft.js';
import type { KindDefinition } from '../kind.js';
import { listed } from '../reference-targets.js';

/** An agent: instructions, tools and skills. Deleting it takes its instances, their sessions and all executions with it. */
export const agentKind: KindDefinition<Agent> = {
  kind: resourceKind(ApiResourceKind.agent),
  schema: AgentSchema,
  references: [
    {
      kind: ApiResourceKind.skill,
      required: true,
      targets: ({ spec }) => [
        ...listed('spec.skill_refs', spec?.skillRefs),
        ...(spec?.subAgents ?? []).flatMap((subAgent, index) => listed(`spec.sub_agents[${index}].skill_refs`, subAgent.skillRefs)),
      ],
    },
  ],
  secrets: { field: 'spec.env_spec.data', values: ({ spec }) => spec?.envSpec?.data },
  executions: 'ownerId',
  defaultChild: {
    kind: ApiResourceKind.agent_instance,
    draft: (agent) =>
      create(
        AgentInstanceSchema,
        defaultChildDraft(ApiResourceKind.agent_instance, agent, (agentId, description) => ({ agentId, description })),
      ),
    get: (agent) => agent.status?.defaultInstanceId ?? '',
    set: (agent, id) => {
      agent.status ??= create(AgentStatusSchema);
      agent.status.defaultInstanceId = id;
    },
  },
  services: [AgentCommandController, AgentQueryController],
};
