import type { AgentMessage, SubAgentExecution, TodoItem, ToolCall } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import type { WorkflowTask } from '../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import type { Usage } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import { byteLength } from '../contract/limits.js';
import { sizeOfField, sizeOfNumber, sizeOfStruct, sizeOfText, sizeOfUnknown, sizeOfVarint64 } from './wire-size.js';

/** Bytes of the parts of a state in protobuf binary, to the byte. */

export function sizeOfMessage(message: AgentMessage): number {
  let bytes = sizeOfNumber(message.type) + sizeOfText(message.content) + sizeOfText(message.timestamp);
  for (const call of message.toolCalls) bytes += sizeOfField(sizeOfToolCall(call));
  return bytes + sizeOfStruct(message.metadata) + sizeOfUnknown(message);
}

export function sizeOfToolCall(call: ToolCall): number {
  const component = call.componentMetadata;
  return (
    sizeOfText(call.id) +
    sizeOfText(call.name) +
    sizeOfStruct(call.args) +
    sizeOfText(call.result) +
    sizeOfNumber(call.status) +
    (component === undefined
      ? 0
      : sizeOfField(
          sizeOfText(component.componentType) +
            sizeOfText(component.componentGroup) +
            sizeOfText(component.layoutHint) +
            sizeOfStruct(component.metadata) +
            sizeOfUnknown(component),
        )) +
    sizeOfText(call.startedAt) +
    sizeOfText(call.completedAt) +
    sizeOfText(call.error) +
    sizeOfUnknown(call)
  );
}

export function sizeOfSubAgent(run: SubAgentExecution): number {
  return (
    sizeOfText(run.id) +
    sizeOfText(run.name) +
    sizeOfText(run.input) +
    sizeOfText(run.output) +
    sizeOfNumber(run.status) +
    sizeOfText(run.startedAt) +
    sizeOfText(run.completedAt) +
    sizeOfText(run.error) +
    sizeOfStruct(run.metadata) +
    sizeOfUnknown(run)
  );
}

/** The whole map, with the tags of its entries. */
export function sizeOfTodos(todos: Readonly<Record<string, TodoItem>>): number {
  let bytes = 0;
  for (const [key, todo] of Object.entries(todos)) bytes += sizeOfField(sizeOfField(byteLength(key)) + sizeOfField(sizeOfTodo(todo)));
  return bytes;
}

function sizeOfTodo(todo: TodoItem): number {
  return (
    sizeOfText(todo.id) +
    sizeOfText(todo.content) +
    sizeOfNumber(todo.status) +
    sizeOfText(todo.createdAt) +
    sizeOfText(todo.updatedAt) +
    sizeOfUnknown(todo)
  );
}

export function sizeOfTask(task: WorkflowTask): number {
  return (
    sizeOfText(task.taskId) +
    sizeOfText(task.taskName) +
    sizeOfNumber(task.taskType) +
    sizeOfStruct(task.input) +
    sizeOfStruct(task.output) +
    sizeOfNumber(task.status) +
    sizeOfText(task.startedAt) +
    sizeOfText(task.completedAt) +
    sizeOfText(task.error) +
    sizeOfStruct(task.metadata) +
    sizeOfUnknown(task)
  );
}

/** The field with its tag; nothing when there is no usage. */
export function sizeOfUsage(usage: Usage | undefined): number {
  if (usage === undefined) return 0;
  return sizeOfField(
    sizeOfCount(usage.inputTokens) +
      sizeOfCount(usage.outputTokens) +
      sizeOfCount(usage.cachedInputTokens) +
      sizeOfNumber(usage.modelCalls) +
      sizeOfCount(usage.costMicros) +
      sizeOfText(usage.model),
  );
}

function sizeOfCount(value: bigint): number {
  return value === 0n ? 0 : 1 + sizeOfVarint64(value);
}
