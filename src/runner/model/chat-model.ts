import { ChatAnthropic } from '@langchain/anthropic';
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { ChatOllama } from '@langchain/ollama';
import { ChatOpenAI } from '@langchain/openai';
import type { AskedModel } from './model-failure.js';
import { strictLines } from './strict-lines.js';

/** Anthropic's API wants to be told a limit. */
const anthropicMaxTokens = 8192;

/**
 * LangChain's client for the model. It makes one request per call: what is tried again, and when, is up to `fetch`.
 */
export function chatModel({ settings, model }: AskedModel, fetch: typeof globalThis.fetch): BaseChatModel {
  const { provider, baseUrl, apiKey, maxTokens, temperature, contextTokens } = settings;
  const common = { model, maxRetries: 0, ...(temperature === undefined ? {} : { temperature }) };
  switch (provider) {
    case 'ollama':
      return new ChatOllama({
        ...common,
        baseUrl,
        fetch: strictLines(fetch),
        ...(maxTokens === undefined ? {} : { numPredict: maxTokens }),
        ...(contextTokens === undefined ? {} : { numCtx: contextTokens }),
      });
    case 'openai':
      return new ChatOpenAI({
        ...common,
        // The client refuses to be without one; a server that wants none does not look at it.
        apiKey: apiKey ?? 'none',
        useResponsesApi: false,
        configuration: { baseURL: baseUrl, fetch },
        ...(maxTokens === undefined ? {} : { maxTokens }),
      });
    case 'anthropic':
      return new ChatAnthropic({
        ...common,
        apiKey: apiKey ?? 'none',
        anthropicApiUrl: baseUrl,
        maxTokens: maxTokens ?? anthropicMaxTokens,
        clientOptions: { fetch },
      });
  }
}
