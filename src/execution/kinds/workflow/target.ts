import type { WorkflowExecutionStatus, WorkflowTask } from '../../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { WorkflowTaskStatus } from '../../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/enum_pb.js';
import { requiredId } from '../../check.js';
import type { WorkflowProjection } from '../../projection.js';
import { supplement } from '../../supplement.js';

/**
 * Tasks and output after a runner's updateStatus. Tasks are put in by their id, since the original's runner reports one at a time; it
 * gives no times, so they are filled in.
 *
 * @param time now, in RFC 3339
 * @throws StigmerError INVALID_ARGUMENT when a task has no id
 */
export function reportedWorkflow({ status, tasks }: WorkflowProjection, report: WorkflowExecutionStatus, time: string): WorkflowExecutionStatus {
  const target = status.tasks.slice();
  const places = new Map<string, number>();
  for (const [i, task] of report.tasks.entries()) {
    const id = requiredId(`status.tasks[${i}].task_id`, task.taskId);
    const place = tasks.indexOf(id) ?? places.get(id) ?? target.length;
    target[place] = withTimes(task, target[place], time);
    places.set(id, place);
  }
  return { ...report, tasks: target };
}

/** Tasks and output after the workflow's last word: what the log lacks is added. */
export function filledWorkflow({ status }: WorkflowProjection, final: WorkflowExecutionStatus): WorkflowExecutionStatus {
  const filled = { ...final, tasks: supplement(status.tasks, final.tasks, (task) => task.taskId, isOpen) };
  if (status.output !== undefined) filled.output = status.output;
  return filled;
}

function withTimes(task: WorkflowTask, before: WorkflowTask | undefined, time: string): WorkflowTask {
  const waits = task.status < WorkflowTaskStatus.WORKFLOW_TASK_IN_PROGRESS;
  return {
    ...task,
    startedAt: task.startedAt || before?.startedAt || (waits ? '' : time),
    completedAt: task.completedAt || (isOpen(task) ? '' : before?.completedAt || time),
  };
}

function isOpen(task: WorkflowTask): boolean {
  return task.status < WorkflowTaskStatus.WORKFLOW_TASK_COMPLETED;
}
