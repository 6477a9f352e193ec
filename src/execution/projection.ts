import { clone, create } from '@bufbuild/protobuf';
import {
  type AgentExecutionStatus,
  type AgentMessage,
  type SubAgentExecution,
  type ToolCall,
} from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { MessageType } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import {
  type WorkflowExecutionStatus,
  type WorkflowTask,
} from '../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { type ExecutionState, ExecutionStateSchema } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import { byteLength } from '../contract/limits.js';
import { Phase } from '../contract/phases.js';
import { sizeOfMessage, sizeOfSubAgent, sizeOfTask, sizeOfTodos, sizeOfToolCall, sizeOfUsage } from './element-size.js';
import { Journal } from './journal.js';
import { type ElementRules, KeyedList } from './keyed-list.js';
import { sizeOfNumber, sizeOfStruct, sizeOfText } from './wire-size.js';

/** Which of the two contracts an execution follows. */
export type ExecutionKind = 'agent' | 'workflow';

interface ProjectionBase {
  /** The state. It belongs to the projection: read it, encode it, do not change it. */
  readonly state: ExecutionState;
  readonly journal: Journal;
}

export interface AgentProjection extends ProjectionBase {
  readonly kind: 'agent';
  readonly status: AgentExecutionStatus;
  /** By the ids of the tool calls that tool messages hold. */
  readonly messages: KeyedList<AgentMessage>;
  readonly toolCalls: KeyedList<ToolCall>;
  readonly subAgents: KeyedList<SubAgentExecution>;
  /** UTF-8 lengths of contents that text was added to, by index; they hold for that very message. */
  readonly contentLengths: Map<number, { readonly message: AgentMessage; readonly length: number }>;
}

export interface WorkflowProjection extends ProjectionBase {
  readonly kind: 'workflow';
  readonly status: WorkflowExecutionStatus;
  readonly tasks: KeyedList<WorkflowTask>;
}

/** An execution's state with the counts that make an event cost what it says. */
export type Projection = AgentProjection | WorkflowProjection;

/** Revision 0: pending, nothing else. */
export function initialProjection(kind: ExecutionKind): Projection {
  const phase = Phase.PENDING as number;
  return projectionOf(
    create(ExecutionStateSchema, {
      status: kind === 'agent' ? { case: 'agent', value: { phase } } : { case: 'workflow', value: { phase } },
    }),
  );
}

/**
 * The projection of a state, which becomes its owner. `callback_token` and `audit` are no part of an execution's course and are dropped.
 *
 * @throws Error when the state is of neither kind
 */
export function projectionOf(state: ExecutionState): Projection {
  if (state.status.case === 'agent') return agentProjection(state, state.status.value);
  if (state.status.case === 'workflow') return workflowProjection(state, state.status.value);
  throw new Error('the state is of no kind that this version knows');
}

/** A projection of its own with the same state. Costs a pointer or two per message, tool call and task, whatever they contain. */
export function cloneProjection(projection: Projection): Projection {
  const state = create(ExecutionStateSchema);
  if (projection.state.usage !== undefined) state.usage = projection.state.usage;
  if (projection.kind === 'workflow') {
    const value = { ...projection.status, tasks: projection.status.tasks.slice() };
    state.status = { case: 'workflow', value };
    return workflowProjection(state, value, projection);
  }
  const { status } = projection;
  const value = {
    ...status,
    messages: status.messages.slice(),
    toolCalls: status.toolCalls.slice(),
    subAgentExecutions: status.subAgentExecutions.slice(),
  };
  state.status = { case: 'agent', value };
  return agentProjection(state, value, projection);
}

/** A copy of the state that shares nothing with the projection. */
export function copyState(projection: Projection): ExecutionState {
  return clone(ExecutionStateSchema, projection.state);
}

/** Bytes of the state in protobuf binary, but for the two or three that frame the status within it. */
export function sizeOfState(projection: Projection): number {
  return projection.journal.bytes;
}

/** UTF-8 length of the content of the message at `index`. */
export function contentLength(projection: AgentProjection, index: number): number {
  const message = projection.messages.items[index] as AgentMessage;
  const known = projection.contentLengths.get(index);
  return known?.message === message ? known.length : byteLength(message.content);
}

const NO_KEYS: readonly string[] = [];

const messageRules: ElementRules<AgentMessage> = {
  keysOf: (message) => (message.type === MessageType.MESSAGE_TOOL ? message.toolCalls.map((call) => call.id) : NO_KEYS),
  sizeOf: sizeOfMessage,
};
const toolCallRules: ElementRules<ToolCall> = { keysOf: (call) => [call.id], sizeOf: sizeOfToolCall };
const subAgentRules: ElementRules<SubAgentExecution> = { keysOf: (run) => [run.id], sizeOf: sizeOfSubAgent };
const taskRules: ElementRules<WorkflowTask> = { keysOf: (task) => [task.taskId], sizeOf: sizeOfTask };

function agentProjection(state: ExecutionState, status: AgentExecutionStatus, twin?: AgentProjection): AgentProjection {
  const journal = new Journal();
  status.callbackToken = new Uint8Array();
  delete status.audit;
  journal.bytes += sizeOfHead(status) + sizeOfTodos(status.todos) + sizeOfUsage(state.usage);
  return {
    kind: 'agent',
    state,
    status,
    journal,
    contentLengths: new Map(),
    messages: new KeyedList(status.messages, messageRules, journal, twin?.messages),
    toolCalls: new KeyedList(status.toolCalls, toolCallRules, journal, twin?.toolCalls),
    subAgents: new KeyedList(status.subAgentExecutions, subAgentRules, journal, twin?.subAgents),
  };
}

function workflowProjection(state: ExecutionState, status: WorkflowExecutionStatus, twin?: WorkflowProjection): WorkflowProjection {
  const journal = new Journal();
  delete status.audit;
  journal.bytes += sizeOfHead(status) + sizeOfStruct(status.output) + sizeOfText(status.temporalWorkflowId) + sizeOfUsage(state.usage);
  return { kind: 'workflow', state, status, journal, tasks: new KeyedList(status.tasks, taskRules, journal, twin?.tasks) };
}

function sizeOfHead(status: AgentExecutionStatus | WorkflowExecutionStatus): number {
  return sizeOfNumber(status.phase) + sizeOfText(status.error) + sizeOfText(status.startedAt) + sizeOfText(status.completedAt);
}
