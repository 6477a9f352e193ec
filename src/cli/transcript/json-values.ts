import { SubAgentExecutionSchema, TodoItemSchema, ToolCallSchema } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { WorkflowTaskSchema } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { UsageSchema } from '../../contract/gen/stigmer/stream/v1/event_pb.js';
import { NoticeSchema } from '../../contract/gen/stigmer/stream/v1/notice_pb.js';
import { phaseName } from '../../contract/phases.js';
import { toProtoJson } from '../../contract/proto-json.js';
import type { TranscriptEvent } from './events.js';
import type { Summary } from './summary.js';
import { ROLE_NAMES } from './words.js';

/** An event of the transcript, for programs. */
export function eventValue(event: TranscriptEvent): Record<string, unknown> {
  const { type } = event;
  switch (event.type) {
    case 'phase':
      return { type, phase: phaseWord(event.phase), ...(event.startedAt === '' ? {} : { startedAt: event.startedAt }) };
    case 'text':
      return { type, message: event.index, role: ROLE_NAMES[event.message.type] ?? 'unknown', text: event.text, ...(event.rewritten ? { rewritten: true } : {}) };
    case 'tool-started':
    case 'tool-ended':
      return { type, call: toProtoJson(ToolCallSchema, event.call) };
    case 'sub-agent-started':
    case 'sub-agent-ended':
      return { type, subAgent: toProtoJson(SubAgentExecutionSchema, event.subAgent) };
    case 'todos':
      return { type, items: event.items.map((item) => toProtoJson(TodoItemSchema, item)) };
    case 'task':
      return { type, task: toProtoJson(WorkflowTaskSchema, event.task) };
    case 'notice':
    case 'notice-over':
      return { type, notice: toProtoJson(NoticeSchema, event.notice) };
    case 'connection-lost':
      return { type, endpoint: event.endpoint, reason: event.reason };
    case 'connection-resumed':
      return { type, endpoint: event.endpoint };
  }
}

/** What came of an execution, for programs. */
export function summaryValue({ executionId, phase, error, deleted, durationMs, usage, agent, workflow }: Summary): Record<string, unknown> {
  return {
    executionId,
    phase: phaseWord(phase),
    ...(error === '' ? {} : { error }),
    ...(deleted ? { deleted } : {}),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(usage === undefined ? {} : { usage: toProtoJson(UsageSchema, usage) }),
    ...(agent === undefined ? {} : { result: agent.result, messages: agent.messages, toolCalls: agent.toolCalls }),
    ...(workflow === undefined ? {} : { output: workflow.output ?? null, tasks: { total: workflow.tasks, completed: workflow.completed, failed: workflow.failed, skipped: workflow.skipped } }),
  };
}

/** `in_progress` */
function phaseWord(phase: number): string {
  return phaseName(phase).replaceAll(' ', '_');
}
