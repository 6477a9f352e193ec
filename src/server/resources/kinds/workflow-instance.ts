import { create } from '@bufbuild/protobuf';
import { type WorkflowInstance, WorkflowInstanceSchema } from '../../../contract/gen/ai/stigmer/agentic/workflowinstance/v1/api_pb.js';
import { WorkflowInstanceCommandController } from '../../../contract/gen/ai/stigmer/agentic/workflowinstance/v1/command_pb.js';
import {
  type GetWorkflowInstancesByWorkflowRequest,
  WorkflowInstanceListSchema,
} from '../../../contract/gen/ai/stigmer/agentic/workflowinstance/v1/io_pb.js';
import { WorkflowInstanceQueryController } from '../../../contract/gen/ai/stigmer/agentic/workflowinstance/v1/query_pb.js';
import { ApiResourceKind, resourceKind } from '../../../contract/kinds.js';
import type { KindDefinition } from '../kind.js';
import { FIRST_PAGE } from '../list.js';
import { listed } from '../reference-targets.js';
import { fromRow } from '../resource.js';

/** A workflow with the environments that it runs in. Belongs to its workflow. */
export const workflowInstanceKind: KindDefinition<WorkflowInstance> = {
  kind: resourceKind(ApiResourceKind.workflow_instance),
  schema: WorkflowInstanceSchema,
  parent: { field: 'spec.workflow_id', kind: ApiResourceKind.workflow, id: ({ spec }) => spec?.workflowId ?? '' },
  references: [{ kind: ApiResourceKind.environment, required: true, targets: ({ spec }) => listed('spec.env_refs', spec?.envRefs) }],
  executions: 'instanceId',
  services: [WorkflowInstanceCommandController, WorkflowInstanceQueryController],
  methods: {
    getByWorkflow: async (engine, { workflowId, pageInfo }: GetWorkflowInstancesByWorkflowRequest) => {
      const page = await engine.numberedPage(workflowInstanceKind, { parent: workflowId }, pageInfo ?? FIRST_PAGE);
      return create(WorkflowInstanceListSchema, {
        totalPages: page.totalPages,
        entries: page.rows.map((row) => fromRow(workflowInstanceKind, row)),
      });
    },
  },
};
