import type { AgentExecutionStatus, AgentMessage, ToolCall } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import type { ExecutionEvent } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import { byteLength, TOOL_RESULT_LIMIT, type Limit } from '../contract/limits.js';
import { executionEvent } from './event.js';
import { shorten } from './shorten.js';
import type { Update } from './update.js';

/** A tool result that is over the limit, to be kept under `key`. */
export interface MovedResult {
  readonly key: string;
  readonly toolCallId: string;
  readonly result: string;
}

/**
 * Takes results over the limit out of an update. In their place stands as much as fits and where the whole is.
 *
 * @param keyOf where a result is to be kept; the same for the same result, so that an update that is sent again comes to the same
 */
export function moveLargeResults(
  update: Update,
  keyOf: (toolCallId: string, result: string) => string,
  limit: Limit = TOOL_RESULT_LIMIT,
): { readonly update: Update; readonly moved: readonly MovedResult[] } {
  const moved = new Map<string, MovedResult>();
  const shortened = (call: ToolCall): ToolCall => {
    if (call.result.length * 3 <= limit.max || byteLength(call.result) <= limit.max) return call;
    const key = keyOf(call.id, call.result);
    moved.set(key, { key, toolCallId: call.id, result: call.result });
    const mark = `\n… cut here: ${byteLength(call.result)} bytes in all, kept whole as artifact ${key}`;
    return { ...call, result: shorten(call.result, limit.max, mark) };
  };
  return { update: mapUpdate(update, shortened), moved: [...moved.values()] };
}

type MapCall = (call: ToolCall) => ToolCall;

function mapUpdate(update: Update, map: MapCall): Update {
  if (update.type === 'events') return { ...update, events: update.events.map((event) => mapEvent(event, map)) };
  if ((update.type === 'status' || update.type === 'final') && 'messages' in update.status) {
    return { ...update, status: mapStatus(update.status, map) };
  }
  return update;
}

function mapStatus(status: AgentExecutionStatus, map: MapCall): AgentExecutionStatus {
  return { ...status, messages: status.messages.map((message) => mapMessage(message, map)), toolCalls: status.toolCalls.map(map) };
}

function mapMessage(message: AgentMessage, map: MapCall): AgentMessage {
  return message.toolCalls.length === 0 ? message : { ...message, toolCalls: message.toolCalls.map(map) };
}

function mapEvent(event: ExecutionEvent, map: MapCall): ExecutionEvent {
  const { change } = event;
  switch (change.case) {
    case 'toolCallUpserted':
      return change.value.toolCall === undefined ? event : executionEvent(change.case, { ...change.value, toolCall: map(change.value.toolCall) });
    case 'toolCallsReplaced':
      return executionEvent(change.case, { toolCalls: change.value.toolCalls.map(map) });
    case 'messageAppended':
    case 'messageUpdated':
      return change.value.message === undefined ? event : executionEvent(change.case, { ...change.value, message: mapMessage(change.value.message, map) });
    case 'messagesReplaced':
      return executionEvent(change.case, { messages: change.value.messages.map((message) => mapMessage(message, map)) });
    default:
      return event;
  }
}
