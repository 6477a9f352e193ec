import type { AgentExecutionStatus, AgentMessage, ToolCall } from '../../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { MessageType } from '../../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import type { ExecutionEvent } from '../../../contract/gen/stigmer/stream/v1/event_pb.js';
import { diffList } from '../../diff-list.js';
import { sameExcept, sameValue } from '../../equality.js';
import { executionEvent } from '../../event.js';
import { type AgentProjection, contentLength } from '../../projection.js';
import { toolMessage, withToolCall } from './apply.js';

/** Events that make the lists of the projection those of `to`. Phase, error and times are not looked at. */
export function diffAgent(projection: AgentProjection, to: AgentExecutionStatus): ExecutionEvent[] {
  const { status } = projection;
  const events = diffConversation(projection, to.messages, to.toolCalls);
  const runs = diffList(status.subAgentExecutions, to.subAgentExecutions, (run) => run.id);
  if (runs.replace) events.push(executionEvent('subAgentsReplaced', { subAgents: to.subAgentExecutions }));
  for (const subAgent of runs.upserts) events.push(executionEvent('subAgentUpserted', { subAgent }));
  if (!sameValue(status.todos, to.todos)) events.push(executionEvent('todosReplaced', { todos: to.todos }));
  return events;
}

/**
 * Messages are known by their index, calls by their id. A call that changes alike in the list of calls and in the tool message that
 * holds it is told once.
 */
function diffConversation(projection: AgentProjection, messages: readonly AgentMessage[], toolCalls: readonly ToolCall[]): ExecutionEvent[] {
  const calls = diffList(projection.toolCalls.items, toolCalls, (call) => call.id);
  const known = calls.upserts.filter((call) => projection.toolCalls.indexOf(call.id) !== undefined);
  const added = calls.upserts.filter((call) => projection.toolCalls.indexOf(call.id) === undefined);
  const changes = changedMessages(projection, messages);
  const events: ExecutionEvent[] = [];
  if (changes === 'replace') {
    events.push(executionEvent('messagesReplaced', { messages: [...messages] }), ...known.map(detached), ...added.map(detached));
  } else {
    const attached = attachKnown(projection, changes, known);
    for (const call of known) events.push(executionEvent('toolCallUpserted', { toolCall: call, detached: !attached.has(call) }));
    events.push(...changes.values(), ...append(projection, changes, messages, added));
  }
  if (calls.replace) events.push(executionEvent('toolCallsReplaced', { toolCalls: [...toolCalls] }));
  return events;
}

type Changes = Map<number, ExecutionEvent>;

/** Events for the messages that were there before, by index; `replace` when the list is shorter or most of it is another. */
function changedMessages(projection: AgentProjection, to: readonly AgentMessage[]): Changes | 'replace' {
  const from = projection.messages.items;
  const changes: Changes = new Map();
  if (from === to) return changes;
  if (to.length < from.length) return 'replace';
  let rewritten = 0;
  for (const [index, before] of from.entries()) {
    const message = to[index] as AgentMessage;
    if (before.content !== message.content && message.content.startsWith(before.content) && sameExcept(before, message, 'content')) {
      const text = message.content.slice(before.content.length);
      changes.set(index, executionEvent('textAppended', { index, offset: BigInt(contentLength(projection, index)), text }));
    } else if (!sameValue(before, message)) {
      changes.set(index, executionEvent('messageUpdated', { index, message }));
      rewritten++;
    }
  }
  return rewritten > 2 && rewritten * 2 > from.length ? 'replace' : changes;
}

/** The calls whose upsert brings their tool message up to date too. The events for these messages are taken out of `changes`. */
function attachKnown({ messages }: AgentProjection, changes: Changes, calls: readonly ToolCall[]): Set<ToolCall> {
  const byMessage = new Map<number, ToolCall[]>();
  for (const call of calls) {
    const index = messages.indexOf(call.id);
    if (index !== undefined) byMessage.set(index, [...(byMessage.get(index) ?? []), call]);
  }
  const attached = new Set<ToolCall>();
  for (const [index, held] of byMessage) {
    const change = changes.get(index)?.change;
    if (change?.case !== 'messageUpdated') continue;
    if (!sameValue(held.reduce(withToolCall, messages.items[index] as AgentMessage), change.value.message)) continue;
    changes.delete(index);
    for (const call of held) attached.add(call);
  }
  return attached;
}

/** Events for the messages and calls that are new. */
function append(projection: AgentProjection, changes: Changes, to: readonly AgentMessage[], calls: readonly ToolCall[]): ExecutionEvent[] {
  const events: ExecutionEvent[] = [];
  const rewritten = [...changes.values()].flatMap(({ change }) => (change.case === 'messageUpdated' ? idsHeld(change.value.message) : []));
  const heldNow = new Set(rewritten);
  const places = new Map(calls.map((call, place) => [call.id, place]));
  let told = 0;
  for (let index = projection.messages.length; index < to.length; index++) {
    const message = to[index] as AgentMessage;
    const call = message.type === MessageType.MESSAGE_TOOL ? message.toolCalls[0] : undefined;
    const place = call === undefined ? -1 : (places.get(call.id) ?? -1);
    const added = place < told ? undefined : calls[place];
    const free = added !== undefined && projection.messages.indexOf(added.id) === undefined && !heldNow.has(added.id);
    if (free && sameValue(toolMessage(added), message)) {
      for (; told < place; told++) events.push(detached(calls[told] as ToolCall));
      events.push(executionEvent('toolCallUpserted', { toolCall: added }));
      told++;
    } else {
      events.push(executionEvent('messageAppended', { index, message }));
    }
    for (const id of idsHeld(message)) heldNow.add(id);
  }
  for (const call of calls.slice(told)) events.push(detached(call));
  return events;
}

function idsHeld(message: AgentMessage | undefined): string[] {
  return message?.type === MessageType.MESSAGE_TOOL ? message.toolCalls.map((call) => call.id) : [];
}

function detached(toolCall: ToolCall): ExecutionEvent {
  return executionEvent('toolCallUpserted', { toolCall, detached: true });
}
