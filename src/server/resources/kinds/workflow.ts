import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Workflow, WorkflowSchema } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/api_pb.js';
import { WorkflowCommandController } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/command_pb.js';
import { WorkflowQueryController } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/query_pb.js';
import {
  ServerlessWorkflowValidationSchema,
  ValidationState,
} from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/serverless/validation_pb.js';
import { WorkflowStatusSchema } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/status_pb.js';
import { WorkflowInstanceSchema } from '../../../contract/gen/ai/stigmer/agentic/workflowinstance/v1/api_pb.js';
import { ApiResourceKind, resourceKind } from '../../../contract/kinds.js';
import { defaultChildDraft } from '../default-child-draft.js';
import type { KindDefinition } from '../kind.js';
import { checkWorkflowSpec } from '../workflows/check-spec.js';

/** A workflow: tasks in order. Deleting it takes its instances and all executions with it. */
export const workflowKind: KindDefinition<Workflow> = {
  kind: resourceKind(ApiResourceKind.workflow),
  schema: WorkflowSchema,
  secrets: { field: 'spec.env_spec.data', values: ({ spec }) => spec?.envSpec?.data },
  executions: 'ownerId',
  defaultChild: {
    kind: ApiResourceKind.workflow_instance,
    draft: (workflow) =>
      create(
        WorkflowInstanceSchema,
        defaultChildDraft(ApiResourceKind.workflow_instance, workflow, (workflowId, description) => ({ workflowId, description })),
      ),
    get: (workflow) => workflow.status?.defaultInstanceId ?? '',
    set: (workflow, id) => {
      workflow.status ??= create(WorkflowStatusSchema);
      workflow.status.defaultInstanceId = id;
    },
  },
  check: checkWorkflowSpec,
  // Only valid specs are stored.
  deriveStatus: (workflow, now) => {
    workflow.status ??= create(WorkflowStatusSchema);
    workflow.status.serverlessWorkflowValidation = create(ServerlessWorkflowValidationSchema, {
      state: ValidationState.VALID,
      validatedAt: timestampFromMs(now),
    });
  },
  services: [WorkflowCommandController, WorkflowQueryController],
};
