import { clone } from '@bufbuild/protobuf';
import { annotations, readAnnotation } from '../../contract/annotations.js';
import { invalidArgument } from '../../contract/errors.js';
import { type WorkflowExecution, WorkflowExecutionSchema } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { WorkflowExecutionCommandController } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/command_pb.js';
import type { WriteOp } from '../../store/ports.js';
import type { CallContext, Caller } from '../rpc.js';
import { idempotent } from '../resources/idempotent.js';
import { workflowInstanceKind } from '../resources/kinds/workflow-instance.js';
import { workflowKind } from '../resources/kinds/workflow.js';
import type { ExecutionsContext } from './context.js';
import { workflowExecutionKind } from './execution-kind.js';
import { initialMessage } from './initial-message.js';
import { type Belonging, checkDraft, newExecution } from './new-execution.js';
import { assertTemporal, type StartPlan, storeAndStart } from './store-and-start.js';

/** Takes in a run of a workflow, in its default instance when only the workflow is named. Answers the execution in phase pending. */
export async function createWorkflowExecution(context: ExecutionsContext, draft: WorkflowExecution, call: CallContext): Promise<WorkflowExecution> {
  checkDraft(context, workflowExecutionKind, draft);
  const { workflowId = '', workflowInstanceId = '' } = draft.spec ?? {};
  if (workflowId === '' && workflowInstanceId === '') throw invalidArgument('spec', 'either workflow_id or workflow_instance_id must be provided');
  return idempotent(context, WorkflowExecutionCommandController.method.create, draft, call, async (keep) => {
    const queued = readAnnotation(draft.metadata, annotations.queue) === true;
    if (!queued) await assertTemporal(context);
    const plan = async (): Promise<StartPlan> => {
      const { belonging, ops } = await placeOf(context, draft, call.caller);
      const message = clone(WorkflowExecutionSchema, draft);
      message.spec!.workflowInstanceId = belonging.instanceId;
      const execution = newExecution(context, workflowExecutionKind, message, belonging, call.caller);
      return { execution, ops: [...ops, ...execution.ops, ...keep(initialMessage(execution.row) as WorkflowExecution)], undo: [] };
    };
    const { execution } = await storeAndStart(context, plan, { queued, irrevocable: call.idempotencyKey !== '' });
    return initialMessage(execution.row) as WorkflowExecution;
  });
}

async function placeOf({ engine }: ExecutionsContext, { spec }: WorkflowExecution, caller: Caller): Promise<{ belonging: Belonging; ops: readonly WriteOp[] }> {
  const { workflowId = '', workflowInstanceId = '' } = spec ?? {};
  if (workflowInstanceId !== '') {
    const instance = await engine.get(workflowInstanceKind, workflowInstanceId);
    const ownerId = instance.spec?.workflowId ?? '';
    if (workflowId !== '' && workflowId !== ownerId) {
      await engine.get(workflowKind, workflowId);
      throw invalidArgument('spec.workflow_id', `must be ${ownerId}, the workflow of instance ${workflowInstanceId}, or empty`);
    }
    const requirement: WriteOp = { op: 'require-resource', kind: 'workflow_instance', id: workflowInstanceId, field: 'spec.workflow_instance_id' };
    return { belonging: { sessionId: '', ownerId, instanceId: workflowInstanceId }, ops: [requirement] };
  }
  const instance = await engine.ensureDefaultWorkflowInstance(await engine.get(workflowKind, workflowId), caller);
  return { belonging: { sessionId: '', ownerId: workflowId, instanceId: instance.resource.metadata?.id ?? '' }, ops: instance.ops };
}
