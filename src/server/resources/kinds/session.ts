import { create } from '@bufbuild/protobuf';
import { type Session, SessionSchema } from '../../../contract/gen/ai/stigmer/agentic/session/v1/api_pb.js';
import { SessionCommandController } from '../../../contract/gen/ai/stigmer/agentic/session/v1/command_pb.js';
import {
  type ListSessionsByAgentRequest,
  type ListSessionsRequest,
  SessionListSchema,
} from '../../../contract/gen/ai/stigmer/agentic/session/v1/io_pb.js';
import { SessionQueryController } from '../../../contract/gen/ai/stigmer/agentic/session/v1/query_pb.js';
import { ApiResourceKind, resourceKind } from '../../../contract/kinds.js';
import { answerPage } from '../answer.js';
import type { KindDefinition } from '../kind.js';
import { agentInstanceKind } from './agent-instance.js';

/** A conversation with an agent instance. Belongs to the instance; deleting it takes its executions with it. */
export const sessionKind: KindDefinition<Session> = {
  kind: resourceKind(ApiResourceKind.session),
  schema: SessionSchema,
  parent: { field: 'spec.agent_instance_id', kind: ApiResourceKind.agent_instance, id: ({ spec }) => spec?.agentInstanceId ?? '' },
  executions: 'sessionId',
  services: [SessionCommandController, SessionQueryController],
  methods: {
    list: async (engine, { tags, pageSize, pageToken }: ListSessionsRequest, call) => {
      const page = await engine.list(sessionKind, [{ tags }], { pageSize, pageToken });
      return create(SessionListSchema, { totalPages: page.totalPages, entries: answerPage(sessionKind, page, call) });
    },
    // The field wants an agent's id; the original compared it with the instance's, so that one is taken as well.
    listByAgent: async (engine, { agentId, pageSize, pageToken }: ListSessionsByAgentRequest, call) => {
      const parents = [agentId, ...(await engine.childIds(agentInstanceKind, agentId))];
      const page = await engine.list(
        sessionKind,
        parents.map((parent) => ({ parent })),
        { pageSize, pageToken },
      );
      return create(SessionListSchema, { totalPages: page.totalPages, entries: answerPage(sessionKind, page, call) });
    },
  },
};
