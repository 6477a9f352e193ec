import type { WorkflowExecutionStatus } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import type { TranscriptEvent } from './events.js';

/** Tells each task of a workflow's run whenever it is in another state than it was told in. */
export class WorkflowTranscript {
  readonly #tasks = new Map<string, number>();

  take(status: WorkflowExecutionStatus): TranscriptEvent[] {
    return status.tasks.flatMap((task): TranscriptEvent[] => {
      const key = task.taskId || task.taskName;
      if (this.#tasks.get(key) === task.status) return [];
      this.#tasks.set(key, task.status);
      return [{ type: 'task', task }];
    });
  }
}
