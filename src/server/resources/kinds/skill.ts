import { type Skill, SkillSchema } from '../../../contract/gen/ai/stigmer/agentic/skill/v1/api_pb.js';
import { SkillCommandController } from '../../../contract/gen/ai/stigmer/agentic/skill/v1/command_pb.js';
import { SkillQueryController } from '../../../contract/gen/ai/stigmer/agentic/skill/v1/query_pb.js';
import { ApiResourceKind, resourceKind } from '../../../contract/kinds.js';
import type { KindDefinition } from '../kind.js';

/** Knowledge for agents, pushed as an archive with versions. */
export const skillKind: KindDefinition<Skill> = {
  kind: resourceKind(ApiResourceKind.skill),
  schema: SkillSchema,
  services: [SkillCommandController, SkillQueryController],
};
