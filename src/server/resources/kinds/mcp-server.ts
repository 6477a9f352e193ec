import { create } from '@bufbuild/protobuf';
import { type McpServer, McpServerSchema } from '../../../contract/gen/ai/stigmer/agentic/mcpserver/v1/api_pb.js';
import { McpServerCommandController } from '../../../contract/gen/ai/stigmer/agentic/mcpserver/v1/command_pb.js';
import { McpServerQueryController } from '../../../contract/gen/ai/stigmer/agentic/mcpserver/v1/query_pb.js';
import { McpServerStatusSchema, ValidationState } from '../../../contract/gen/ai/stigmer/agentic/mcpserver/v1/status_pb.js';
import { ApiResourceKind, resourceKind } from '../../../contract/kinds.js';
import type { KindDefinition } from '../kind.js';

/** How to reach a server of tools. The original defines it and does not serve it. */
export const mcpServerKind: KindDefinition<McpServer> = {
  kind: resourceKind(ApiResourceKind.mcp_server),
  schema: McpServerSchema,
  secrets: { field: 'spec.env_spec.data', values: ({ spec }) => spec?.envSpec?.data },
  // Only valid definitions are stored.
  deriveStatus: (server) => {
    server.status ??= create(McpServerStatusSchema);
    server.status.validationState = ValidationState.VALID;
  },
  services: [McpServerCommandController, McpServerQueryController],
};
