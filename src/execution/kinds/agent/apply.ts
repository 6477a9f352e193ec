import { create } from '@bufbuild/protobuf';
import { invalidArgument } from '../../../contract/errors.js';
import { type AgentMessage, AgentMessageSchema, type SubAgentExecution, type ToolCall } from '../../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { MessageType, SubAgentStatus, ToolCallStatus } from '../../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import type { TextAppended } from '../../../contract/gen/stigmer/stream/v1/event_pb.js';
import { byteLength } from '../../../contract/limits.js';
import { knownNumber, required, requiredId } from '../../check.js';
import { sizeOfTodos } from '../../element-size.js';
import type { Change } from '../../event.js';
import { type AgentProjection, contentLength } from '../../projection.js';
import { sizeOfField } from '../../wire-size.js';

/** Applies a change that agent executions alone have; false when it is none of these. */
export function applyAgentChange(projection: AgentProjection, change: Change): boolean {
  const { messages, toolCalls, subAgents, status, journal } = projection;
  switch (change.case) {
    case 'messageAppended': {
      const message = knownMessage('message_appended.message', required('message_appended.message', change.value.message));
      if (change.value.index !== messages.length) {
        throw invalidArgument('message_appended.index', `must be ${messages.length}, the number of messages, and is ${change.value.index}`);
      }
      messages.push(message);
      return true;
    }
    case 'textAppended':
      appendText(projection, change.value);
      return true;
    case 'messageUpdated': {
      const message = knownMessage('message_updated.message', required('message_updated.message', change.value.message));
      existingMessage(projection, 'message_updated.index', change.value.index);
      messages.set(change.value.index, message);
      return true;
    }
    case 'messagesReplaced':
      for (const message of change.value.messages) knownMessage('messages_replaced.messages', message);
      messages.replaceAll(change.value.messages);
      return true;
    case 'toolCallUpserted': {
      const call = knownToolCall('tool_call_upserted.tool_call', required('tool_call_upserted.tool_call', change.value.toolCall));
      requiredId('tool_call_upserted.tool_call.id', call.id);
      toolCalls.upsert(call.id, call);
      if (!change.value.detached) attachToolCall(projection, call);
      return true;
    }
    case 'toolCallsReplaced':
      for (const call of change.value.toolCalls) knownToolCall('tool_calls_replaced.tool_calls', call);
      toolCalls.replaceAll(change.value.toolCalls);
      return true;
    case 'subAgentUpserted': {
      const run = knownSubAgent('sub_agent_upserted.sub_agent', required('sub_agent_upserted.sub_agent', change.value.subAgent));
      subAgents.upsert(requiredId('sub_agent_upserted.sub_agent.id', run.id), run);
      return true;
    }
    case 'subAgentsReplaced':
      for (const run of change.value.subAgents) knownSubAgent('sub_agents_replaced.sub_agents', run);
      subAgents.replaceAll(change.value.subAgents);
      return true;
    case 'todosReplaced': {
      const { todos } = change.value;
      journal.set(status, 'todos', todos, sizeOfTodos(todos) - sizeOfTodos(status.todos));
      return true;
    }
    default:
      return false;
  }
}

/** The tool message that stands for a call which no message of the conversation holds. */
export function toolMessage(call: ToolCall): AgentMessage {
  return create(AgentMessageSchema, { type: MessageType.MESSAGE_TOOL, timestamp: call.startedAt, toolCalls: [call] });
}

/** The message with the first of its calls of this id replaced. */
export function withToolCall(message: AgentMessage, call: ToolCall): AgentMessage {
  const at = message.toolCalls.findIndex((held) => held.id === call.id);
  return { ...message, toolCalls: message.toolCalls.with(at, call) };
}

function attachToolCall({ messages }: AgentProjection, call: ToolCall): void {
  const at = messages.indexOf(call.id);
  if (at === undefined) messages.push(toolMessage(call));
  else messages.set(at, withToolCall(messages.items[at] as AgentMessage, call));
}

function appendText(projection: AgentProjection, { index, offset, text }: TextAppended): void {
  const message = existingMessage(projection, 'text_appended.index', index);
  const length = contentLength(projection, index);
  if (Number(offset) !== length) {
    throw invalidArgument('text_appended.offset', `must be ${length}, the bytes that message ${index} has, and is ${offset}`);
  }
  const longer = { ...message, content: message.content + text };
  const lengthAfter = length + byteLength(text);
  projection.contentLengths.set(index, { message: longer, length: lengthAfter });
  projection.messages.set(index, longer, projection.messages.sizeAt(index) + contentField(lengthAfter) - contentField(length));
}

function contentField(length: number): number {
  return length === 0 ? 0 : sizeOfField(length);
}

function existingMessage({ messages }: AgentProjection, field: string, index: number): AgentMessage {
  const message = messages.items[index];
  if (message === undefined) throw invalidArgument(field, `must be below ${messages.length}, the number of messages, and is ${index}`);
  return message;
}

function knownMessage(field: string, message: AgentMessage): AgentMessage {
  knownNumber(`${field}.type`, message.type, MessageType.MESSAGE_SYSTEM);
  for (const call of message.toolCalls) knownToolCall(`${field}.tool_calls`, call);
  return message;
}

function knownToolCall(field: string, call: ToolCall): ToolCall {
  knownNumber(`${field}.status`, call.status, ToolCallStatus.TOOL_CALL_FAILED);
  return call;
}

function knownSubAgent(field: string, run: SubAgentExecution): SubAgentExecution {
  knownNumber(`${field}.status`, run.status, SubAgentStatus.SUB_AGENT_FAILED);
  return run;
}
