import { type Environment, EnvironmentSchema } from '../../../contract/gen/ai/stigmer/agentic/environment/v1/api_pb.js';
import { EnvironmentCommandController } from '../../../contract/gen/ai/stigmer/agentic/environment/v1/command_pb.js';
import { EnvironmentQueryController } from '../../../contract/gen/ai/stigmer/agentic/environment/v1/query_pb.js';
import { ApiResourceKind, resourceKind } from '../../../contract/kinds.js';
import type { KindDefinition } from '../kind.js';

/** Variables and secrets for instances to run with. */
export const environmentKind: KindDefinition<Environment> = {
  kind: resourceKind(ApiResourceKind.environment),
  schema: EnvironmentSchema,
  secrets: { field: 'spec.data', values: ({ spec }) => spec?.data },
  services: [EnvironmentCommandController, EnvironmentQueryController],
};
