/** An image is counted, never kept: the script can ask how many came, not what they show. */
export type Message =
  | { role: 'user'; text: string; images: number }
  | { role: 'assistant'; text: string; calls: AskedCall[] }
  | { role: 'tool'; tool: string; callId: string; text: string };

/** A tool call that an earlier turn of the conversation made. Ollama's have an empty id. */
export interface AskedCall {
  id: string;
  name: string;
}

/** What a client asked, whichever protocol it spoke. */
export interface Conversation {
  model: string;
  system: string;
  messages: Message[];
  /** Names of the tools that the client offers. */
  tools: string[];
  stream: boolean;
  /** OpenAI only: whether a stream ends with a chunk that carries the usage. */
  streamUsage: boolean;
}

/** The newest user message, or an empty one. */
export function lastUserMessage(conversation: Conversation): { text: string; images: number } {
  const found = conversation.messages.findLast((message) => message.role === 'user');
  return found ?? { text: '', images: 0 };
}

/** The tool results at the very end of the conversation: those that the model has not answered yet. */
export function newToolResults(conversation: Conversation): { tool: string; text: string }[] {
  const start = conversation.messages.findLastIndex((message) => message.role !== 'tool') + 1;
  return conversation.messages.slice(start).filter((message) => message.role === 'tool');
}

/** Which model turn since the newest user message is due, from 1: a turn that follows a tool result is 2 or more. */
export function dueTurn(conversation: Conversation): number {
  const start = conversation.messages.findLastIndex((message) => message.role === 'user') + 1;
  return conversation.messages.slice(start).filter((message) => message.role === 'assistant').length + 1;
}

/** How many user messages the conversation holds. */
export function userTurns(conversation: Conversation): number {
  return conversation.messages.filter((message) => message.role === 'user').length;
}

/** The name of the tool that call `id` asked for; undefined when no earlier turn made such a call. */
export function toolOfCall(messages: Message[], id: string): string | undefined {
  for (const message of messages.toReversed()) {
    if (message.role !== 'assistant') continue;
    const call = message.calls.find((candidate) => candidate.id === id);
    if (call !== undefined) return call.name;
  }
  return undefined;
}

/**
 * The first call that was not answered before the conversation went on, if any. OpenAI and Anthropic refuse such a conversation
 * with 400, so a client that leaves a call open must learn of it here too.
 */
export function openCall(messages: Message[]): AskedCall | undefined {
  let open: AskedCall[] = [];
  for (const message of messages) {
    if (message.role === 'tool') {
      open = open.filter((call) => call.id !== message.callId);
      continue;
    }
    if (open[0] !== undefined) return open[0];
    if (message.role === 'assistant') open = [...message.calls];
  }
  return open[0];
}
