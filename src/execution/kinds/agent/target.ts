import type { AgentExecutionStatus, AgentMessage, ToolCall } from '../../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { MessageType, SubAgentStatus, ToolCallStatus } from '../../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import type { AgentProjection } from '../../projection.js';
import { supplement } from '../../supplement.js';
import { withToolCall } from './apply.js';

/** The lists after a runner's updateStatus: one that is not empty replaces what is there. */
export function reportedAgent({ status }: AgentProjection, report: AgentExecutionStatus): AgentExecutionStatus {
  return {
    ...report,
    messages: report.messages.length === 0 ? status.messages : report.messages,
    toolCalls: report.toolCalls.length === 0 ? status.toolCalls : report.toolCalls,
    subAgentExecutions: report.subAgentExecutions.length === 0 ? status.subAgentExecutions : report.subAgentExecutions,
    todos: Object.keys(report.todos).length === 0 ? status.todos : report.todos,
  };
}

/** The lists after the workflow's last word, which may be a whole status or only the last message: what the log lacks is added. */
export function filledAgent({ status }: AgentProjection, final: AgentExecutionStatus): AgentExecutionStatus {
  const isOpen = (call: ToolCall): boolean => call.status < ToolCallStatus.TOOL_CALL_COMPLETED;
  const toolCalls = supplement(status.toolCalls, final.toolCalls, (call) => call.id, isOpen);
  const ended = toolCalls.filter((call, i) => i < status.toolCalls.length && call !== status.toolCalls[i]);
  return {
    ...final,
    messages: withEndedCalls(filledMessages(status.messages, final.messages), ended),
    toolCalls,
    subAgentExecutions: supplement(
      status.subAgentExecutions,
      final.subAgentExecutions,
      (run) => run.id,
      (run) => run.status < SubAgentStatus.SUB_AGENT_COMPLETED,
    ),
    todos: Object.keys(final.todos).length === 0 ? status.todos : final.todos,
  };
}

function filledMessages(log: AgentMessage[], final: AgentMessage[]): AgentMessage[] {
  if (final.length >= log.length && log.every((message, i) => goesOn(message, final[i] as AgentMessage))) return final;
  const last = final.at(-1);
  if (last === undefined || final.length > 1) return log;
  const place = log.findLastIndex((message) => message.type === last.type);
  const told = log[place];
  if (told === undefined || !goesOn(told, last)) return [...log, last];
  return told.content === last.content ? log : log.with(place, { ...told, content: last.content });
}

function goesOn(message: AgentMessage, later: AgentMessage): boolean {
  return message.type === later.type && later.content.startsWith(message.content);
}

function withEndedCalls(messages: AgentMessage[], ended: readonly ToolCall[]): AgentMessage[] {
  if (ended.length === 0) return messages;
  const byId = new Map(ended.map((call) => [call.id, call]));
  return messages.map((message) => {
    if (message.type !== MessageType.MESSAGE_TOOL) return message;
    const held = message.toolCalls.flatMap((call) => byId.get(call.id) ?? []);
    return held.reduce(withToolCall, message);
  });
}
