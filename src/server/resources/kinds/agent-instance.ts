import { create } from '@bufbuild/protobuf';
import { type AgentInstance, AgentInstanceSchema } from '../../../contract/gen/ai/stigmer/agentic/agentinstance/v1/api_pb.js';
import { AgentInstanceCommandController } from '../../../contract/gen/ai/stigmer/agentic/agentinstance/v1/command_pb.js';
import {
  AgentInstanceListSchema,
  type GetAgentInstancesByAgentRequest,
} from '../../../contract/gen/ai/stigmer/agentic/agentinstance/v1/io_pb.js';
import { AgentInstanceQueryController } from '../../../contract/gen/ai/stigmer/agentic/agentinstance/v1/query_pb.js';
import { ApiResourceKind, resourceKind } from '../../../contract/kinds.js';
import type { KindDefinition } from '../kind.js';
import { FIRST_PAGE } from '../list.js';
import { listed } from '../reference-targets.js';
import { fromRow } from '../resource.js';

/** An agent with the environments that it runs in. Belongs to its agent. */
export const agentInstanceKind: KindDefinition<AgentInstance> = {
  kind: resourceKind(ApiResourceKind.agent_instance),
  schema: AgentInstanceSchema,
  parent: { field: 'spec.agent_id', kind: ApiResourceKind.agent, id: ({ spec }) => spec?.agentId ?? '' },
  references: [
    { kind: ApiResourceKind.environment, required: true, targets: ({ spec }) => listed('spec.environment_refs', spec?.environmentRefs) },
  ],
  executions: 'instanceId',
  services: [AgentInstanceCommandController, AgentInstanceQueryController],
  methods: {
    getByAgent: async (engine, { agentId, pageInfo }: GetAgentInstancesByAgentRequest) => {
      const page = await engine.numberedPage(agentInstanceKind, { parent: agentId }, pageInfo ?? FIRST_PAGE);
      return create(AgentInstanceListSchema, { totalCount: page.total, items: page.rows.map((row) => fromRow(agentInstanceKind, row)) });
    },
  },
};
