import type { WorkflowTask } from '../../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { WorkflowTaskStatus, WorkflowTaskType } from '../../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/enum_pb.js';
import { knownNumber, required, requiredId } from '../../check.js';
import type { Change } from '../../event.js';
import type { WorkflowProjection } from '../../projection.js';
import { sizeOfStruct } from '../../wire-size.js';

/** Applies a change that workflow executions alone have; false when it is none of these. */
export function applyWorkflowChange({ tasks, status, journal }: WorkflowProjection, change: Change): boolean {
  switch (change.case) {
    case 'taskUpserted': {
      const task = knownTask('task_upserted.task', required('task_upserted.task', change.value.task));
      tasks.upsert(requiredId('task_upserted.task.task_id', task.taskId), task);
      return true;
    }
    case 'tasksReplaced':
      for (const task of change.value.tasks) knownTask('tasks_replaced.tasks', task);
      tasks.replaceAll(change.value.tasks);
      return true;
    case 'outputSet': {
      const output = required('output_set.output', change.value.output);
      journal.set(status, 'output', output, sizeOfStruct(output) - sizeOfStruct(status.output));
      return true;
    }
    default:
      return false;
  }
}

function knownTask(field: string, task: WorkflowTask): WorkflowTask {
  knownNumber(`${field}.status`, task.status, WorkflowTaskStatus.WORKFLOW_TASK_SKIPPED);
  knownNumber(`${field}.task_type`, task.taskType, WorkflowTaskType.WORKFLOW_TASK_CUSTOM);
  return task;
}
