import type { AgentExecutionStatus, AgentMessage, SubAgentExecution, TodoItem, ToolCall } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { MessageType, SubAgentStatus, ToolCallStatus } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import type { TranscriptEvent } from './events.js';

interface Told {
  started: boolean;
  ended: boolean;
}

/**
 * Compares each state of an agent's run with what was told of it, and tells the rest: text exactly once, each tool call when it starts
 * and when it ends. It needs no changes, only states, so it does not matter how the states came about.
 */
export class AgentTranscript {
  /** Messages as they were told, by index. */
  readonly #messages: AgentMessage[] = [];
  readonly #calls = new Map<string, Told>();
  readonly #subAgents = new Map<string, Told>();
  readonly #todos = new Map<string, string>();

  take(status: AgentExecutionStatus): TranscriptEvent[] {
    const events: TranscriptEvent[] = [];
    // A conversation that became shorter is told anew where it differs.
    this.#messages.length = Math.min(this.#messages.length, status.messages.length);
    for (const [index, message] of status.messages.entries()) {
      const before = this.#messages[index];
      if (before === message) continue;
      this.#messages[index] = message;
      this.#text(events, index, message, before);
      if (message.type === MessageType.MESSAGE_TOOL) for (const call of message.toolCalls) this.#call(events, withResult(call, message));
    }
    // The calls of a runner that keeps them out of the conversation.
    for (const call of status.toolCalls) this.#call(events, call);
    for (const subAgent of status.subAgentExecutions) this.#subAgent(events, subAgent);
    this.#todo(events, Object.values(status.todos));
    return events;
  }

  #text(events: TranscriptEvent[], index: number, message: AgentMessage, before: AgentMessage | undefined): void {
    // What a tool answered is told with its call.
    if (message.type === MessageType.MESSAGE_TOOL && message.toolCalls.length > 0) return;
    const told = before?.content ?? '';
    if (message.content === told) return;
    const grown = message.content.startsWith(told) && (before === undefined || before.type === message.type);
    const text = grown ? message.content.slice(told.length) : message.content;
    if (text !== '') events.push({ type: 'text', index, message, text, first: told === '' || !grown, rewritten: !grown });
  }

  #call(events: TranscriptEvent[], call: ToolCall): void {
    const told = entry(this.#calls, call.id);
    const ended = call.status === ToolCallStatus.TOOL_CALL_COMPLETED || call.status === ToolCallStatus.TOOL_CALL_FAILED;
    // A call whose arguments the model is still writing is told when they are there.
    const written = ended || call.status === ToolCallStatus.TOOL_CALL_RUNNING || call.args !== undefined;
    if (!told.started && written) {
      told.started = true;
      events.push({ type: 'tool-started', call });
    }
    if (told.ended || !ended) return;
    told.ended = true;
    events.push({ type: 'tool-ended', call });
  }

  #subAgent(events: TranscriptEvent[], subAgent: SubAgentExecution): void {
    const told = entry(this.#subAgents, subAgent.id);
    const ended = subAgent.status === SubAgentStatus.SUB_AGENT_COMPLETED || subAgent.status === SubAgentStatus.SUB_AGENT_FAILED;
    if (!told.started && (ended || subAgent.status === SubAgentStatus.SUB_AGENT_IN_PROGRESS)) {
      told.started = true;
      events.push({ type: 'sub-agent-started', subAgent });
    }
    if (told.ended || !ended) return;
    told.ended = true;
    events.push({ type: 'sub-agent-ended', subAgent });
  }

  #todo(events: TranscriptEvent[], todos: readonly TodoItem[]): void {
    const items = todos.filter(({ id, content, status }) => {
      const now = `${status} ${content}`;
      if (this.#todos.get(id) === now) return false;
      this.#todos.set(id, now);
      return true;
    });
    if (items.length > 0) events.push({ type: 'todos', items });
  }
}

function entry(map: Map<string, Told>, id: string): Told {
  const known = map.get(id);
  if (known !== undefined) return known;
  const fresh = { started: false, ended: false };
  map.set(id, fresh);
  return fresh;
}

/** An old runner leaves the result in the content of the tool message. */
function withResult(call: ToolCall, message: AgentMessage): ToolCall {
  return call.result === '' && message.content !== '' ? { ...call, result: message.content } : call;
}
