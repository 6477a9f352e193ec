import { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import { AIMessageChunk, type BaseMessage, isAIMessage } from '@langchain/core/messages';
import type { LLMResult } from '@langchain/core/outputs';
import type { AskedModel } from '../model/model-failure.js';
import type { LoopEvent, TokenUsage } from './agent-loop.js';
import type { ModelCall, Places } from './place.js';
import type { ToolCallIds } from './tool-call-ids.js';

/** What LangChain hands over with each piece of an answer. */
interface TokenFields {
  readonly chunk?: { readonly message?: BaseMessage };
}

/**
 * Hears what the model says piece by piece, and what each call used. Answers to calls that are not turns of an agent (a summary of a
 * long conversation) are not told, but what they used is.
 */
export class TurnStream extends BaseCallbackHandler {
  override readonly name = 'stigmer-turns';
  /** In place, so that the order is kept and the place is known. */
  override awaitHandlers = true;
  /** Makes models stream where the library would ask for the answer in one piece. */
  readonly lc_prefer_streaming = true;
  readonly #places: Places;
  readonly #ids: ToolCallIds;
  readonly #asked: AskedModel;
  readonly #emit: (event: LoopEvent) => void;
  readonly #calls = new Map<string, ModelCall>();

  constructor(options: { places: Places; ids: ToolCallIds; asked: AskedModel; emit: (event: LoopEvent) => void }) {
    super();
    this.#places = options.places;
    this.#ids = options.ids;
    this.#asked = options.asked;
    this.#emit = options.emit;
  }

  override handleChatModelStart(_model: unknown, _messages: unknown, runId: string): void {
    const { call } = this.#places.here;
    if (call !== undefined) this.#calls.set(runId, call);
  }

  override handleLLMNewToken(_token: string, _place: unknown, runId: string, _parent?: string, _tags?: string[], fields?: unknown): void {
    const call = this.#calls.get(runId);
    const message = (fields as TokenFields | undefined)?.chunk?.message;
    if (call === undefined || message === undefined) return;
    const { turn, scope } = call;
    if (message.text !== '') this.#emit({ type: 'text', turn, text: message.text });
    if (!(message instanceof AIMessageChunk)) return;
    for (const { id, name } of message.tool_call_chunks ?? []) {
      if (!id || !name || call.ids.has(id)) continue;
      const unique = this.#ids.take(id);
      call.ids.set(id, unique);
      this.#emit({ type: 'tool-announced', id: unique, name, turn, ...(scope === undefined ? {} : { scope }) });
    }
  }

  override handleLLMEnd(output: LLMResult, runId: string): void {
    this.#calls.delete(runId);
    const generation = output.generations[0]?.[0] as { readonly message?: BaseMessage } | undefined;
    const message = generation?.message;
    if (message !== undefined && isAIMessage(message)) this.#emit({ type: 'usage', usage: this.#usageOf(message) });
  }

  override handleLLMError(_error: unknown, runId: string): void {
    this.#calls.delete(runId);
  }

  #usageOf({ usage_metadata: used, response_metadata: about }: { usage_metadata?: UsageMetadata | undefined; response_metadata: Record<string, unknown> }): TokenUsage {
    const named = about['model_name'] ?? about['model'];
    const { model, settings } = this.#asked;
    const [inputTokens, outputTokens] = [used?.input_tokens ?? 0, used?.output_tokens ?? 0];
    const { input = 0, output = 0 } = settings.price ?? {};
    return {
      inputTokens,
      outputTokens,
      cachedInputTokens: used?.input_token_details?.cache_read ?? 0,
      // A price in dollars for a million tokens is one in millionths of a dollar for a token.
      costMicros: Math.round(inputTokens * input + outputTokens * output),
      model: typeof named === 'string' && named !== '' ? named : model,
    };
  }
}

interface UsageMetadata {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly input_token_details?: { readonly cache_read?: number };
}
