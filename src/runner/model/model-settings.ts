import { Code, type FieldViolation, StigmerError } from '../../contract/errors.js';
import type { RunnerEnvironment } from '../env.js';

export type Provider = RunnerEnvironment['STIGMER_LLM_PROVIDER'];

/** Which model answers, and how it is reached. */
export interface ModelSettings {
  readonly provider: Provider;
  /** For runs that choose none. */
  readonly model: string;
  readonly baseUrl: string;
  /** Variable that moves `baseUrl`, for error texts. */
  readonly baseUrlVariable: string;
  /** Absent where the provider wants none. */
  readonly apiKey?: string;
  /** Variables that the key may stand in, for error texts. */
  readonly apiKeyVariables: string;
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly contextTokens?: number;
  /** US dollars for a million tokens. */
  readonly price?: { readonly input: number; readonly output: number };
}

interface ProviderFacts {
  /** Where the provider is unless a variable says otherwise. */
  readonly url: string;
  readonly urlVariables: readonly (keyof RunnerEnvironment)[];
  /** Model unless a variable says otherwise. Undefined: it must be said. */
  readonly model: string | undefined;
  readonly keyVariables: readonly ('STIGMER_LLM_API_KEY' | 'OPENAI_API_KEY' | 'ANTHROPIC_API_KEY')[];
  /** The path that its API has, where people leave it out or write it twice. */
  readonly fitUrl: (url: URL) => void;
}

const providers: Readonly<Record<Provider, ProviderFacts>> = {
  ollama: {
    url: 'http://localhost:11434',
    urlVariables: ['OLLAMA_BASE_URL', 'STIGMER_LLM_BASE_URL'],
    model: 'qwen2.5-coder:7b',
    keyVariables: [],
    fitUrl: (url) => {
      url.pathname = url.pathname.replace(/\/(v1|api)?\/?$/, '');
    },
  },
  openai: {
    url: 'https://api.openai.com/v1',
    urlVariables: ['STIGMER_LLM_BASE_URL'],
    model: undefined,
    keyVariables: ['STIGMER_LLM_API_KEY', 'OPENAI_API_KEY'],
    fitUrl: (url) => {
      if (url.pathname === '/') url.pathname = '/v1';
    },
  },
  anthropic: {
    url: 'https://api.anthropic.com',
    urlVariables: ['STIGMER_LLM_BASE_URL'],
    model: 'claude-sonnet-4.5',
    keyVariables: ['STIGMER_LLM_API_KEY', 'ANTHROPIC_API_KEY'],
    fitUrl: (url) => {
      url.pathname = url.pathname.replace(/\/v1\/?$/, '');
    },
  },
};

/** What the environment says of the model. Throws StigmerError INVALID_ARGUMENT that names each variable at fault. */
export function modelSettings(env: RunnerEnvironment): ModelSettings {
  const provider = env.STIGMER_LLM_PROVIDER;
  const facts = providers[provider];
  const faults: FieldViolation[] = [];
  const fault = (field: string, description: string): void => void faults.push({ field, description, rule: '' });

  const model = env.STIGMER_LLM_MODEL ?? facts.model;
  if (model === undefined) fault('STIGMER_LLM_MODEL', `is not set, and the provider ${provider} has no default; it is the model's name, for example gpt-4.1-mini`);

  const urls = facts.urlVariables.flatMap((name) => (env[name] === undefined ? [] : [{ name, url: fittedUrl(String(env[name]), facts) }]));
  for (const { name, url } of urls) {
    if (url === undefined) fault(name, `must be an http or https URL without user name and password, for example ${facts.url}`);
  }
  const [first, second] = urls;
  if (first?.url !== undefined && second?.url !== undefined && first.url !== second.url) {
    fault(first.name, `and ${second.name} disagree (${first.url} and ${second.url}): set one of them, or both to the same value`);
  }

  const apiKey = facts.keyVariables.map((name) => env[name]).find((key) => key !== undefined);
  const apiKeyVariables = facts.keyVariables.toReversed().join(' or ');
  // A server of one's own that speaks a provider's protocol often wants no key.
  if (apiKey === undefined && facts.keyVariables.length > 0 && urls.length === 0) {
    fault(apiKeyVariables, `is not set, and the provider ${provider} wants a key`);
  }

  const number = (name: 'STIGMER_LLM_TEMPERATURE' | 'STIGMER_LLM_PRICE_INPUT' | 'STIGMER_LLM_PRICE_OUTPUT', most: number, example: string): number | undefined => {
    const text = env[name];
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!(value >= 0 && value <= most)) fault(name, `${JSON.stringify(text)} must be a number from 0 to ${most}, for example ${example}`);
    return value;
  };
  const temperature = number('STIGMER_LLM_TEMPERATURE', 2, '0.2');
  const input = number('STIGMER_LLM_PRICE_INPUT', 10_000, '2.50');
  const output = number('STIGMER_LLM_PRICE_OUTPUT', 10_000, '10');

  if (faults.length > 0) {
    const message = faults.map(({ field, description }) => `${field} ${description}`).join('\n');
    throw new StigmerError(Code.INVALID_ARGUMENT, message, { details: [{ type: 'BadRequest', violations: faults }] });
  }
  return {
    provider,
    model: model ?? '',
    baseUrl: first?.url ?? facts.url,
    baseUrlVariable: first?.name ?? facts.urlVariables[0] ?? '',
    apiKeyVariables,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(env.STIGMER_LLM_MAX_TOKENS === undefined ? {} : { maxTokens: env.STIGMER_LLM_MAX_TOKENS }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(input === undefined && output === undefined ? {} : { price: { input: input ?? 0, output: output ?? 0 } }),
    ...(env.STIGMER_LLM_CONTEXT_TOKENS === undefined ? {} : { contextTokens: env.STIGMER_LLM_CONTEXT_TOKENS }),
  };
}

function fittedUrl(text: string, facts: ProviderFacts): string | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return undefined;
  facts.fitUrl(url);
  return url.href.replace(/\/$/, '');
}
