import { create, type JsonObject, type MessageInitShape } from '@bufbuild/protobuf';
import type { Clock } from '../../contract/clock.js';
import {
  type AgentMessage,
  AgentMessageSchema,
  type SubAgentExecution,
  SubAgentExecutionSchema,
  type TodoItem,
  TodoItemSchema,
  type ToolCall,
  ToolCallSchema,
} from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { MessageType, SubAgentStatus, TodoStatus, ToolCallStatus } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import type { ExecutionEvent } from '../../contract/gen/stigmer/stream/v1/event_pb.js';
import { TOOL_RESULT_LIMIT } from '../../contract/limits.js';
import { Phase } from '../../contract/phases.js';
import { isoNow } from '../../contract/timestamps.js';
import { executionEvent } from '../../execution/event.js';
import type { LoopEvent, TodoEntry, TokenUsage } from '../loop/agent-loop.js';
import { componentType } from './component-type.js';
import { cutArguments, cutText } from './cut-text.js';
import type { Masker } from './masking.js';
import { SpokenText } from './spoken-text.js';

export interface TranscriptOptions {
  readonly masker: Masker;
  readonly clock: Clock;
  /** Takes the events, in order. */
  readonly append: (event: ExecutionEvent) => void;
  /** Messages that the conversation has already: those of an earlier attempt. */
  readonly messageCount: number;
  /** From 1. The calls of each attempt stand apart: a model may give the ids of an earlier one again. */
  readonly attempt: number;
}

/** How a run ended. */
export interface RunOutcome {
  readonly phase: typeof Phase.COMPLETED | typeof Phase.FAILED | typeof Phase.CANCELLED;
  /** Why, for a person, unless it is completed. */
  readonly error: string;
}

/** Bytes of a tool result that are reported. The server keeps in the state what its own limit allows, and the rest beside it. */
const resultBytes = 4 * TOOL_RESULT_LIMIT.max;
/** A planning tool: what it does is seen in the to-do list. */
const planningTool = 'write_todos';
const broken = 'The answer of the model broke off before the call was complete.';

const todoStatus: Readonly<Record<TodoEntry['status'], TodoStatus>> = {
  pending: TodoStatus.TODO_PENDING,
  in_progress: TodoStatus.TODO_IN_PROGRESS,
  completed: TodoStatus.TODO_COMPLETED,
  cancelled: TodoStatus.TODO_CANCELLED,
};

interface Turn {
  readonly scope: string | undefined;
  text: SpokenText;
  /** Place of its message in the conversation; undefined before its first text. */
  index: number | undefined;
  /** When its message was begun. */
  timestamp: string;
}

/**
 * Writes down what happens in a run as events of the execution: a message for each turn of the model in which it speaks, each piece of
 * text on its own, tool calls from their announcement to their result, sub-agents, to-do list, usage. Everything is masked on the way.
 */
export class Transcript {
  readonly #options: TranscriptOptions;
  readonly #turns = new Map<string, Turn>();
  /** The calls as they were last reported. */
  readonly #calls = new Map<string, { call: ToolCall; scope: string | undefined; turn: string | undefined }>();
  readonly #subAgents = new Map<string, SubAgentExecution>();
  #todos: Readonly<Record<string, TodoItem>> = {};
  #messages: number;
  #events = 0;
  #ended = false;
  /** In which the model spoke last. */
  #lastTurn: Turn | undefined;

  constructor(options: TranscriptOptions) {
    this.#options = options;
    this.#messages = options.messageCount;
  }

  /** How much there is so far. */
  get counts(): { readonly events: number; readonly messages: number; readonly toolCalls: number } {
    return { events: this.#events, messages: this.#messages, toolCalls: this.#calls.size };
  }

  /** What the model said last. */
  get lastMessage(): AgentMessage | undefined {
    return this.#lastTurn === undefined ? undefined : aiMessage(this.#lastTurn);
  }

  /** Puts another text in the place of what the model said last. */
  restate(text: string): void {
    const turn = this.#lastTurn;
    if (turn?.index === undefined) return;
    turn.text = new SpokenText(this.#options.masker);
    turn.text.push(text);
    turn.text.end();
    this.#append(executionEvent('messageUpdated', { index: turn.index, message: aiMessage(turn) }));
  }

  /** Something that the runner itself has to say, in the conversation. */
  system(text: string): void {
    this.#message(MessageType.MESSAGE_SYSTEM, this.#options.masker.text(text));
  }

  /** What the user says. An earlier attempt has written it already. */
  user(text: string): void {
    if (this.#messages === 0) this.#message(MessageType.MESSAGE_HUMAN, this.#options.masker.text(text));
  }

  /** Takes what happens. What a tool does that outlives its run is not heard any more. */
  on(event: LoopEvent): void {
    if (this.#ended) return;
    switch (event.type) {
      case 'turn-started':
        this.#turns.set(event.turn, { scope: event.scope, text: new SpokenText(this.#options.masker), index: undefined, timestamp: '' });
        return;
      case 'text':
        this.#say(event.turn, (text) => text.push(event.text));
        return;
      case 'turn-restarted':
        this.#restart(event.turn);
        return;
      case 'turn-ended':
        this.#endTurn(event.turn);
        return;
      case 'tool-announced':
        if (event.name === planningTool) return;
        this.#call(event.id, { name: event.name, status: ToolCallStatus.TOOL_CALL_PENDING }, event.scope, event.turn);
        return;
      case 'tool-started': {
        if (event.name === planningTool) return;
        const args = cutArguments(this.#options.masker.json(event.args as JsonObject), TOOL_RESULT_LIMIT.max);
        this.#call(event.id, { name: event.name, args, status: ToolCallStatus.TOOL_CALL_RUNNING }, event.scope);
        return;
      }
      case 'tool-ended':
        this.#endCall(event.id, event.result, event.failed);
        return;
      case 'sub-agent-started':
        this.#subAgent(event.id, { name: event.name, input: this.#options.masker.text(event.input), status: SubAgentStatus.SUB_AGENT_IN_PROGRESS, startedAt: this.#now() });
        return;
      case 'sub-agent-ended': {
        const text = cutText(this.#options.masker.text(event.output), TOOL_RESULT_LIMIT.max);
        const how = event.failed ? { status: SubAgentStatus.SUB_AGENT_FAILED, error: text } : { status: SubAgentStatus.SUB_AGENT_COMPLETED, output: text };
        this.#subAgent(event.id, { ...how, completedAt: this.#now() });
        return;
      }
      case 'todos':
        this.#setTodos(event.items);
        return;
      case 'usage':
        this.#addUsage(event.usage);
        return;
    }
  }

  /** Ends what is under way, then the run. */
  end({ phase, error }: RunOutcome): void {
    for (const turn of this.#turns.keys()) this.#endTurn(turn);
    const reason = phase === Phase.CANCELLED ? 'The run was cancelled.' : 'The run ended before the call did.';
    for (const { call } of this.#calls.values()) if (!isSettled(call)) this.#endCall(call.id, reason, true);
    for (const { id, status } of this.#subAgents.values()) {
      if (status === SubAgentStatus.SUB_AGENT_IN_PROGRESS) this.#subAgent(id, { status: SubAgentStatus.SUB_AGENT_FAILED, error: reason, completedAt: this.#now() });
    }
    this.#append(executionEvent('phaseChanged', { phase, error: this.#options.masker.text(error), completedAt: this.#now() }));
    this.#ended = true;
  }

  #say(id: string, speak: (text: SpokenText) => string): void {
    const turn = this.#turns.get(id);
    if (turn === undefined) return;
    const offset = turn.text.bytes;
    const text = speak(turn.text);
    if (text === '' || turn.scope !== undefined) return;
    if (turn.index === undefined) {
      turn.timestamp = this.#now();
      turn.index = this.#message(MessageType.MESSAGE_AI, text);
      this.#lastTurn = turn;
      return;
    }
    this.#append(executionEvent('textAppended', { index: turn.index, offset: BigInt(offset), text }));
  }

  #restart(id: string): void {
    const turn = this.#turns.get(id);
    if (turn === undefined) return;
    turn.text = new SpokenText(this.#options.masker);
    if (turn.index !== undefined) this.#append(executionEvent('messageUpdated', { index: turn.index, message: aiMessage(turn) }));
    for (const { call, turn: announcedIn } of this.#calls.values()) {
      if (announcedIn === id && call.status === ToolCallStatus.TOOL_CALL_PENDING) this.#endCall(call.id, broken, true);
    }
  }

  #endTurn(id: string): void {
    this.#say(id, (text) => text.end());
    const turn = this.#turns.get(id);
    this.#turns.delete(id);
    if (turn?.scope === undefined || turn.text.text === '') return;
    if (this.#subAgents.has(turn.scope)) this.#subAgent(turn.scope, { output: cutText(turn.text.text, TOOL_RESULT_LIMIT.max) });
  }

  #message(type: MessageType, content: string): number {
    const message = create(AgentMessageSchema, { type, content, timestamp: this.#now() });
    const index = this.#messages++;
    this.#append(executionEvent('messageAppended', { index, message }));
    return index;
  }

  #call(id: string, change: Partial<Pick<ToolCall, 'name' | 'args' | 'status' | 'result' | 'error' | 'completedAt'>>, scope?: string, turn?: string): void {
    const known = this.#calls.get(id);
    const before = known?.call;
    const name = change.name ?? before?.name ?? '';
    const call = create(ToolCallSchema, {
      ...(before ?? { startedAt: this.#now(), componentMetadata: { componentType: componentType(name), componentGroup: scope === undefined ? 'main-agent-tools' : 'sub-agent-tools', ...subAgentOf(scope && this.#reportedId(scope)) } }),
      ...change,
      id,
      name,
    });
    const inScope = known?.scope ?? scope;
    this.#calls.set(id, { call, scope: inScope, turn: known?.turn ?? turn });
    const detached = inScope !== undefined;
    const reported = create(ToolCallSchema, { ...(call as MessageInitShape<typeof ToolCallSchema>), id: this.#reportedId(id) });
    // The reducer gives a call that is new to the conversation a message of its own.
    if (known === undefined && !detached) this.#messages++;
    this.#append(executionEvent('toolCallUpserted', { toolCall: reported, detached }));
  }

  #endCall(id: string, answer: string, failed: boolean): void {
    const known = this.#calls.get(id);
    // A planning tool that fails is worth to be seen all the same.
    if (known === undefined && !failed) return;
    const text = cutText(this.#options.masker.text(answer), resultBytes);
    const how = failed ? { status: ToolCallStatus.TOOL_CALL_FAILED, error: text } : { status: ToolCallStatus.TOOL_CALL_COMPLETED, result: text };
    this.#call(id, { ...(known === undefined ? { name: planningTool } : {}), ...how, completedAt: this.#now() });
  }

  #subAgent(id: string, change: MessageInitShape<typeof SubAgentExecutionSchema>): void {
    const subAgent = create(SubAgentExecutionSchema, { ...(this.#subAgents.get(id) as MessageInitShape<typeof SubAgentExecutionSchema> | undefined), ...change, id });
    this.#subAgents.set(id, subAgent);
    const reported = create(SubAgentExecutionSchema, { ...(subAgent as MessageInitShape<typeof SubAgentExecutionSchema>), id: this.#reportedId(id) });
    this.#append(executionEvent('subAgentUpserted', { subAgent: reported }));
  }

  #setTodos(items: readonly TodoEntry[]): void {
    const now = this.#now();
    const before = this.#todos;
    this.#todos = Object.fromEntries(
      items.map(({ content, status }, at): [string, TodoItem] => {
        const id = `todo-${at + 1}`;
        const text = this.#options.masker.text(content);
        const known = before[id]?.content === text ? before[id] : undefined;
        const same = known?.status === todoStatus[status];
        const item = { id, content: text, status: todoStatus[status] ?? TodoStatus.TODO_PENDING, createdAt: known?.createdAt ?? now, updatedAt: same ? known.updatedAt : now };
        return [id, create(TodoItemSchema, item)];
      }),
    );
    this.#append(executionEvent('todosReplaced', { todos: this.#todos }));
  }

  #addUsage({ inputTokens, outputTokens, cachedInputTokens, costMicros, model }: TokenUsage): void {
    const usage = { inputTokens: BigInt(inputTokens), outputTokens: BigInt(outputTokens), cachedInputTokens: BigInt(cachedInputTokens), costMicros: BigInt(costMicros), modelCalls: 1, model };
    this.#append(executionEvent('usageAdded', { usage }));
  }

  #reportedId(id: string): string {
    const { attempt } = this.#options;
    return attempt > 1 ? `${id}-attempt-${attempt}` : id;
  }

  #append(event: ExecutionEvent): void {
    this.#events++;
    this.#options.append(event);
  }

  #now(): string {
    return isoNow(this.#options.clock);
  }
}

function aiMessage({ text, timestamp }: Turn): AgentMessage {
  return create(AgentMessageSchema, { type: MessageType.MESSAGE_AI, content: text.text, timestamp });
}

function isSettled({ status }: ToolCall): boolean {
  return status === ToolCallStatus.TOOL_CALL_COMPLETED || status === ToolCallStatus.TOOL_CALL_FAILED;
}

function subAgentOf(scope: string | undefined): { metadata?: JsonObject } {
  return scope === undefined ? {} : { metadata: { sub_agent_id: scope } };
}
