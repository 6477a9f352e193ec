/**
 * What a run asks of a library for agents, and what it hears from it. The rest of the runner knows no library.
 */

/** One thing that happens in a run. `scope` is the id of the sub-agent in which it happens; absent in the agent itself. */
export type LoopEvent =
  /** A call to the model begins. Text and tool calls of it carry the same turn. */
  | { readonly type: 'turn-started'; readonly turn: string; readonly scope?: string }
  | { readonly type: 'text'; readonly turn: string; readonly text: string }
  /** The answer broke off and is asked for again: the text of this turn so far is void. */
  | { readonly type: 'turn-restarted'; readonly turn: string }
  | { readonly type: 'turn-ended'; readonly turn: string }
  /** The model has begun to write a call; its arguments are on the way. `id` is unique in the run. */
  | { readonly type: 'tool-announced'; readonly id: string; readonly name: string; readonly turn: string; readonly scope?: string }
  | { readonly type: 'tool-started'; readonly id: string; readonly name: string; readonly args: JsonObject; readonly scope?: string }
  | { readonly type: 'tool-ended'; readonly id: string; readonly result: string; readonly failed: boolean; readonly scope?: string }
  | { readonly type: 'sub-agent-started'; readonly id: string; readonly name: string; readonly input: string }
  | { readonly type: 'sub-agent-ended'; readonly id: string; readonly output: string; readonly failed: boolean }
  | { readonly type: 'todos'; readonly items: readonly TodoEntry[] }
  | { readonly type: 'usage'; readonly usage: TokenUsage };

export type JsonObject = { readonly [key: string]: unknown };

export interface TodoEntry {
  readonly content: string;
  readonly status: 'pending' | 'in_progress' | 'completed' | 'cancelled';
}

/** What one call to the model used. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Part of `inputTokens`. */
  readonly cachedInputTokens: number;
  /** Millionths of a US dollar; 0 when the price is not known. */
  readonly costMicros: number;
  readonly model: string;
}

/** How a loop came to rest. */
export type LoopEnd =
  /** The model has no more to say. */
  | { readonly type: 'done' }
  /** Tool calls wait for a person; `resume` goes on. */
  | { readonly type: 'interrupted'; readonly waiting: readonly WaitingCall[] };

/** A tool call that waits for a person. */
export interface WaitingCall {
  readonly id: string;
  readonly name: string;
  readonly args: JsonObject;
}

/** What a person says of a call that waits. */
export type Decision =
  | { readonly type: 'approve' }
  | { readonly type: 'edit'; readonly args: JsonObject }
  | { readonly type: 'reject'; readonly reason: string };

/** What is said to an agent. */
export interface Said {
  /** Unique in the thread. Said again, by a second attempt of a run, the message takes its own place. */
  readonly id: string;
  readonly text: string;
}

/**
 * An agent at work on one run. Events are given to `emit` as they happen, which must not wait. A promise rejects with the reason of the
 * failure, or soon after the signal aborts; requests to the model are closed then.
 */
export interface AgentLoop {
  /**
   * Says something to the agent, in the thread that the loop was made for. A thread that stopped in the middle of answering this very
   * message goes on from its last completed step.
   */
  start(message: Said, emit: (event: LoopEvent) => void, signal: AbortSignal): Promise<LoopEnd>;
  /** Goes on after an interrupt, with a decision for each call that waits, by its id. */
  resume(decisions: ReadonlyMap<string, Decision>, emit: (event: LoopEvent) => void, signal: AbortSignal): Promise<LoopEnd>;
}
