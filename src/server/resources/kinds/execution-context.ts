import { type ExecutionContext, ExecutionContextSchema } from '../../../contract/gen/ai/stigmer/agentic/executioncontext/v1/api_pb.js';
import { ExecutionContextCommandController } from '../../../contract/gen/ai/stigmer/agentic/executioncontext/v1/command_pb.js';
import { ExecutionContextQueryController } from '../../../contract/gen/ai/stigmer/agentic/executioncontext/v1/query_pb.js';
import { ApiResourceKind, resourceKind } from '../../../contract/kinds.js';
import type { KindDefinition } from '../kind.js';

/** Variables and secrets of one execution. It may be stored before its execution is; deleting the execution takes it along. */
export const executionContextKind: KindDefinition<ExecutionContext> = {
  kind: resourceKind(ApiResourceKind.execution_context),
  schema: ExecutionContextSchema,
  parent: { field: 'spec.execution_id', id: ({ spec }) => spec?.executionId ?? '' },
  secrets: { field: 'spec.data', values: ({ spec }) => spec?.data },
  applyCreatesOnly: true,
  services: [ExecutionContextCommandController, ExecutionContextQueryController],
};
