import type { WorkflowExecutionStatus } from '../../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import type { ExecutionEvent } from '../../../contract/gen/stigmer/stream/v1/event_pb.js';
import { diffList } from '../../diff-list.js';
import { sameValue } from '../../equality.js';
import { executionEvent } from '../../event.js';
import type { WorkflowProjection } from '../../projection.js';

/** Events that make tasks and output of the projection those of `to`. Phase, error and times are not looked at. */
export function diffWorkflow({ status }: WorkflowProjection, to: WorkflowExecutionStatus): ExecutionEvent[] {
  const events: ExecutionEvent[] = [];
  const tasks = diffList(status.tasks, to.tasks, (task) => task.taskId);
  if (tasks.replace) events.push(executionEvent('tasksReplaced', { tasks: to.tasks }));
  for (const task of tasks.upserts) events.push(executionEvent('taskUpserted', { task }));
  if (to.output !== undefined && !sameValue(status.output, to.output)) events.push(executionEvent('outputSet', { output: to.output }));
  return events;
}
