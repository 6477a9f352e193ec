import { ToolMessage } from '@langchain/core/messages';
import { isCommand, isGraphBubbleUp } from '@langchain/langgraph';
import { type AgentMiddleware, ToolInvocationError } from 'langchain';
import type { JsonObject, LoopEvent, TodoEntry } from './agent-loop.js';
import { limitErrorIn, type LoopGuard } from './loop-guard.js';
import type { Places } from './place.js';

export interface ToolCallsOptions {
  readonly places: Places;
  readonly emit: (event: LoopEvent) => void;
  readonly signal: AbortSignal;
  readonly guard: LoopGuard;
  /** Whether results may hold pictures and files. Some providers' clients take text alone. */
  readonly takesBlocks: boolean;
  /** What is wrong with the arguments of a call, by its id. */
  readonly faultOf: (id: string) => string | undefined;
}

/** Tools of the library that answer an error as if it were a result. */
const fileTools = new Set(['ls', 'read_file', 'write_file', 'edit_file', 'delete', 'glob', 'grep']);

/**
 * What an agent of the library does around each tool call: tells its beginning and end. A tool that fails is told to the model, in a
 * sentence, and never ends the run.
 */
export function toolCalls({ places, emit, signal, guard, takesBlocks, faultOf }: ToolCallsOptions): NonNullable<AgentMiddleware['wrapToolCall']> {
  return async (request, handler) => {
    const { name, args } = request.toolCall;
    const id = request.toolCall.id ?? '';
    const { scope } = places.here;
    const where = scope === undefined ? {} : { scope };
    guard.beforeCall(name, args as JsonObject);
    emit({ type: 'tool-started', id, name, args: args as JsonObject, ...where });
    const ended = (result: string, failed: boolean): void => {
      emit({ type: 'tool-ended', id, result, failed, ...where });
    };
    const refusal = (text: string): ToolMessage => {
      ended(text, true);
      return new ToolMessage({ content: text, tool_call_id: id, name, status: 'error' });
    };

    const fault = faultOf(id);
    if (fault !== undefined) return refusal(`${name} was not called, because its arguments are no valid JSON: ${fault}`);
    try {
      const answer = name === 'task' ? await asSubAgent(id, args as JsonObject, () => handler(request)) : await handler(request);
      const message = toolMessageOf(answer, id);
      const text = message === undefined ? '' : textOf(message);
      if (message !== undefined && !(takesBlocks && holdsMoreThanText(message))) message.content = text;
      const failed = message?.status === 'error' || saysFailed(name, text);
      ended(text, failed);
      if (name === 'write_todos' && !failed && scope === undefined) emit({ type: 'todos', items: todosOf(args as JsonObject) });
      return answer;
    } catch (error) {
      // An interrupt travels as an error and is none; a limit of a sub-agent is one of the run.
      if (signal.aborted || isGraphBubbleUp(error)) throw error;
      const limit = limitErrorIn(error);
      if (limit !== undefined) throw limit;
      return refusal(toolError(name, error));
    }
  };

  async function asSubAgent<T>(id: string, args: JsonObject, run: () => T | Promise<T>): Promise<T> {
    emit({ type: 'sub-agent-started', id, name: textArgument(args, 'subagent_type'), input: textArgument(args, 'description') });
    try {
      const answer = await places.within({ scope: id }, run);
      const message = toolMessageOf(answer, id);
      emit({ type: 'sub-agent-ended', id, output: message === undefined ? '' : textOf(message), failed: message?.status === 'error' });
      return answer;
    } catch (error) {
      if (!isGraphBubbleUp(error)) emit({ type: 'sub-agent-ended', id, output: toolError('task', error), failed: true });
      throw error;
    }
  }
}

function textArgument(args: JsonObject, name: string): string {
  const value = args[name];
  return typeof value === 'string' ? value : '';
}

function toolMessageOf(answer: unknown, id: string): ToolMessage | undefined {
  if (ToolMessage.isInstance(answer)) return answer;
  if (!isCommand(answer)) return undefined;
  const { messages } = (answer.update ?? {}) as { messages?: unknown };
  if (!Array.isArray(messages)) return undefined;
  return messages.filter((message) => ToolMessage.isInstance(message)).find((message) => message.tool_call_id === id);
}

/** Whether the result is the sentence of a failure. */
function saysFailed(name: string, text: string): boolean {
  return fileTools.has(name) ? /^Error\b/.test(text) : name === 'execute' && text.startsWith('Error: Execution not available');
}

function holdsMoreThanText({ content }: ToolMessage): boolean {
  return typeof content !== 'string' && content.some(({ type }) => type !== 'text');
}

/** The text of a result; pictures and files in it are named, not shown. */
function textOf(message: ToolMessage): string {
  const { content } = message;
  if (typeof content === 'string') return content;
  return content.map((block) => (block.type === 'text' && typeof block['text'] === 'string' ? block['text'] : `[${block.type}]`)).join('\n');
}

function toolError(name: string, error: unknown): string {
  const reason = error instanceof ToolInvocationError ? error.toolError : error;
  const text = reason instanceof Error ? reason.message : String(reason);
  return `Error of ${name}: ${text.trim()}`;
}

function todosOf(args: JsonObject): TodoEntry[] {
  const items = Array.isArray(args['todos']) ? (args['todos'] as Partial<TodoEntry>[]) : [];
  return items.map(({ content = '', status = 'pending' }) => ({ content, status }));
}
