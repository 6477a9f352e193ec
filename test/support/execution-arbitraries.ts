import { create, type JsonObject } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import {
  AgentExecutionStatusSchema,
  type AgentExecutionStatus,
  type AgentMessage,
  AgentMessageSchema,
  SubAgentExecutionSchema,
  TodoItemSchema,
  type ToolCall,
  ToolCallSchema,
} from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { type WorkflowExecutionStatus, WorkflowExecutionStatusSchema, WorkflowTaskSchema } from '../../src/contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { type ExecutionEvent, UsageSchema } from '../../src/contract/gen/stigmer/stream/v1/event_pb.js';
import { apply } from '../../src/execution/apply.js';
import { executionEvent } from '../../src/execution/event.js';
import { contentLength, type Projection } from '../../src/execution/projection.js';

/** Text with characters of one to four bytes; short, so that texts often begin with one another. */
export const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'é', '…', '文', '🙂', '👩‍👧'), maxLength: 5 });
/** Few ids, so that they often meet; the empty one is among them. */
const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', '');
const time = fc.constantFrom('', '2026-01-26T10:00:00Z', '2026-01-26T10:00:01.5Z');
const struct: fc.Arbitrary<JsonObject | undefined> = fc.option(
  fc.dictionary(text, fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null), fc.array(text, { maxLength: 2 }), fc.constant<JsonObject>({ a: { b: [1] } })), {
    maxKeys: 2,
    noNullPrototype: true,
  }),
  { nil: undefined, freq: 3 },
);

export const toolCall: fc.Arbitrary<ToolCall> = fc
  .record({ id, name: text, args: struct, result: text, status: fc.nat(4), startedAt: time, completedAt: time, error: text, component: fc.boolean() })
  .map(({ component, args, ...call }) =>
    create(ToolCallSchema, { ...call, ...(args && { args }), ...(component && { componentMetadata: { componentType: 'tool', metadata: { a: 1 } } }) }),
  );

export const message: fc.Arbitrary<AgentMessage> = fc
  .record({ type: fc.constantFrom(0, 1, 2, 2, 2, 3, 3, 3, 4), content: text, timestamp: time, toolCalls: fc.array(toolCall, { maxLength: 2 }), metadata: struct })
  .map(({ metadata, ...rest }) => create(AgentMessageSchema, { ...rest, ...(metadata && { metadata }) }));

const subAgent = fc
  .record({ id, name: text, input: text, output: text, status: fc.nat(4), startedAt: time, metadata: struct })
  .map(({ metadata, ...rest }) => create(SubAgentExecutionSchema, { ...rest, ...(metadata && { metadata }) }));

const todos = fc.dictionary(
  fc.constantFrom('1', '2', '3'),
  fc.record({ id, content: text, status: fc.nat(4) }).map((todo) => create(TodoItemSchema, todo)),
  { maxKeys: 3, noNullPrototype: true },
);

export const agentStatus: fc.Arbitrary<AgentExecutionStatus> = fc
  .record({
    messages: fc.array(message, { maxLength: 6 }),
    toolCalls: fc.array(toolCall, { maxLength: 5 }),
    subAgentExecutions: fc.array(subAgent, { maxLength: 3 }),
    todos,
    phase: fc.constantFrom(1, 2),
    error: text,
    startedAt: time,
    completedAt: time,
  })
  .map((status) => create(AgentExecutionStatusSchema, status));

const task = fc
  .record({ taskId: id, taskName: text, taskType: fc.nat(7), input: struct, output: struct, status: fc.nat(5), startedAt: time, error: text })
  .map(({ input, output, ...rest }) => create(WorkflowTaskSchema, { ...rest, ...(input && { input }), ...(output && { output }) }));

export const workflowStatus: fc.Arbitrary<WorkflowExecutionStatus> = fc
  .record({ tasks: fc.array(task, { maxLength: 5 }), output: struct, phase: fc.constantFrom(1, 2), error: text, startedAt: time, temporalWorkflowId: text })
  .map(({ output, ...rest }) => create(WorkflowExecutionStatusSchema, { ...rest, ...(output && { output }) }));

/** A later version of the same status: text grows, calls go on, elements come, go and change places. */
export function laterAgentStatus(status: AgentExecutionStatus): fc.Arbitrary<AgentExecutionStatus> {
  const changed = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.nat(5), text).map(([i, more]) => (s: AgentExecutionStatus) => grow(s, i, more)) },
    { weight: 3, arbitrary: fc.tuple(fc.nat(5), toolCall).map(([i, call]) => (s: AgentExecutionStatus) => goOn(s, i, call)) },
    { weight: 3, arbitrary: toolCall.map((call) => (s: AgentExecutionStatus) => begin(s, call)) },
    { weight: 1, arbitrary: message.map((added) => (s: AgentExecutionStatus) => ({ ...s, messages: [...s.messages, added] })) },
    { weight: 1, arbitrary: fc.nat(5).map((i) => (s: AgentExecutionStatus) => ({ ...s, messages: s.messages.toSpliced(i, 1) })) },
    { weight: 1, arbitrary: fc.constant((s: AgentExecutionStatus) => ({ ...s, toolCalls: s.toolCalls.toReversed() })) },
    { weight: 1, arbitrary: agentStatus.map((other) => (s: AgentExecutionStatus) => ({ ...s, todos: other.todos, subAgentExecutions: other.subAgentExecutions })) },
  );
  return fc.array(changed, { maxLength: 6 }).map((steps) => steps.reduce((s, step) => step(s), status));
}

function grow(status: AgentExecutionStatus, i: number, more: string): AgentExecutionStatus {
  const grown = status.messages[i];
  return grown === undefined ? status : { ...status, messages: status.messages.with(i, { ...grown, content: grown.content + more }) };
}

/** A call of the list goes on, in the messages too. */
function goOn(status: AgentExecutionStatus, i: number, by: ToolCall): AgentExecutionStatus {
  const call = status.toolCalls[i];
  if (call === undefined) return status;
  const later = { ...call, result: by.result, status: by.status };
  const toolCalls = status.toolCalls.with(i, later);
  const messages = status.messages.map((held) => ({ ...held, toolCalls: held.toolCalls.map((c) => (c.id === call.id ? later : c)) }));
  return { ...status, toolCalls, messages };
}

/** A call begins as the original's runner tells it: in a message of its own and in the list. */
function begin(status: AgentExecutionStatus, call: ToolCall): AgentExecutionStatus {
  const added = create(AgentMessageSchema, { type: 3, timestamp: call.startedAt, toolCalls: [call] });
  return { ...status, messages: [...status.messages, added], toolCalls: [...status.toolCalls, call] };
}

/** What an event is made of, before the state says which indexes and offsets fit. */
export type EventSeed = { readonly kind: number; readonly pick: number; readonly text: string; readonly message: AgentMessage; readonly call: ToolCall; readonly flag: boolean };

export const eventSeed: fc.Arbitrary<EventSeed> = fc.record({ kind: fc.nat(99), pick: fc.nat(9), text, message, call: toolCall, flag: fc.boolean() });

/** An event that fits the projection, which it is applied to; an agent's or a workflow's as the projection is. Never an end. */
export function nextEvent(projection: Projection, seed: EventSeed): ExecutionEvent {
  const event = projection.kind === 'agent' ? agentEvent(projection, seed) : workflowEvent(seed);
  apply(projection, event);
  return event;
}

function agentEvent(projection: Extract<Projection, { kind: 'agent' }>, seed: EventSeed): ExecutionEvent {
  const { messages } = projection;
  const index = messages.length === 0 ? 0 : seed.pick % messages.length;
  const at = messages.items[index];
  if (at !== undefined && seed.kind < 45) {
    return executionEvent('textAppended', { index, offset: BigInt(contentLength(projection, index)), text: seed.text });
  }
  if (at !== undefined && seed.kind < 50) return executionEvent('messageUpdated', { index, message: seed.message });
  if (seed.kind < 52) return executionEvent('messagesReplaced', { messages: messages.items.slice(index) });
  if (seed.kind < 75) return executionEvent('toolCallUpserted', { toolCall: { ...seed.call, id: seed.call.id || 'a' }, detached: seed.flag });
  if (seed.kind < 76) return executionEvent('toolCallsReplaced', { toolCalls: [seed.call] });
  if (seed.kind < 79) return executionEvent('subAgentUpserted', { subAgent: create(SubAgentExecutionSchema, { id: seed.call.id || 'a', name: seed.text }) });
  if (seed.kind < 81) return executionEvent('todosReplaced', { todos: { [seed.text]: create(TodoItemSchema, { id: seed.text }) } });
  if (seed.kind < 90) return executionEvent('messageAppended', { index: messages.length, message: seed.message });
  return commonEvent(seed);
}

function workflowEvent(seed: EventSeed): ExecutionEvent {
  if (seed.kind < 70) return executionEvent('taskUpserted', { task: create(WorkflowTaskSchema, { taskId: seed.call.id || 'a', taskName: seed.text, status: seed.pick % 6 }) });
  if (seed.kind < 73) return executionEvent('tasksReplaced', { tasks: [create(WorkflowTaskSchema, { taskId: seed.call.id, taskName: seed.text })] });
  if (seed.kind < 80) return executionEvent('outputSet', { output: { [seed.text]: seed.pick } });
  return commonEvent(seed);
}

function commonEvent(seed: EventSeed): ExecutionEvent {
  if (seed.pick < 4) return executionEvent('usageAdded', { usage: create(UsageSchema, { inputTokens: BigInt(seed.kind * 7), modelCalls: 1, model: seed.text }) });
  if (seed.pick < 7) return executionEvent('detailsChanged', { error: seed.text });
  return executionEvent('phaseChanged', { phase: seed.flag ? 2 : 1, error: seed.text });
}
