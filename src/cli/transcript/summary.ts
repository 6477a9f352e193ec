import type { JsonObject } from '@bufbuild/protobuf';
import { MessageType } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { WorkflowTaskStatus } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/enum_pb.js';
import type { ExecutionState, Usage } from '../../contract/gen/stigmer/stream/v1/event_pb.js';
import { parseTimestamp } from '../../contract/timestamps.js';

/** What came of an execution. */
export interface Summary {
  readonly executionId: string;
  readonly phase: number;
  /** Why it failed or was cancelled; empty otherwise. */
  readonly error: string;
  /** The execution was deleted while it was watched. */
  readonly deleted: boolean;
  /** From its creation, or its start when that is not known, to its end. */
  readonly durationMs: number | undefined;
  readonly usage: Usage | undefined;
  readonly agent?: { readonly messages: number; readonly toolCalls: number; /** What the agent said last. */ readonly result: string };
  readonly workflow?: { readonly tasks: number; readonly completed: number; readonly failed: number; readonly skipped: number; readonly output: JsonObject | undefined };
}

/** The summary of a state; `end` knows better than the state when the state came from elsewhere. */
export function summarize(
  executionId: string,
  { status, usage }: ExecutionState,
  options: { readonly createdAt: number | undefined; readonly end?: { readonly phase: number; readonly error: string; readonly deleted: boolean } },
): Summary {
  const { phase = 0, error = '', startedAt = '', completedAt = '' } = status.value ?? {};
  const begin = options.createdAt ?? parseTimestamp(startedAt);
  const finish = parseTimestamp(completedAt);
  const common = {
    executionId,
    phase: options.end?.phase || phase,
    error: options.end?.error || error,
    deleted: options.end?.deleted ?? false,
    durationMs: begin === undefined || finish === undefined ? undefined : finish - begin,
    usage,
  };
  if (status.case === 'agent') {
    const { messages, toolCalls } = status.value;
    const result = messages.findLast(({ type, content }) => type === MessageType.MESSAGE_AI && content !== '')?.content ?? '';
    return { ...common, agent: { messages: messages.length, toolCalls: toolCalls.length, result } };
  }
  if (status.case !== 'workflow') return common;
  const { tasks, output } = status.value;
  const count = (wanted: WorkflowTaskStatus): number => tasks.filter((task) => task.status === wanted).length;
  return {
    ...common,
    workflow: {
      tasks: tasks.length,
      completed: count(WorkflowTaskStatus.WORKFLOW_TASK_COMPLETED),
      failed: count(WorkflowTaskStatus.WORKFLOW_TASK_FAILED),
      skipped: count(WorkflowTaskStatus.WORKFLOW_TASK_SKIPPED),
      output,
    },
  };
}
