import type { Clock } from '../contract/clock.js';
import type { environment as runnerEnvironment } from '../runner/env.js';
import { httpGet } from './http-get.js';
import { probeOnce } from './supervision/probe.js';
import type { SupervisorSettings } from './env.js';
import type { Settings } from './wiring/compose-environment.js';

/** The variables of the agent-runner that say which model answers. */
export type ProviderSettings = Partial<
  Pick<
    Settings<typeof runnerEnvironment.variables>,
    | 'STIGMER_LLM_PROVIDER'
    | 'STIGMER_LLM_MODEL'
    | 'STIGMER_LLM_BASE_URL'
    | 'OLLAMA_BASE_URL'
    | 'STIGMER_LLM_API_KEY'
    | 'ANTHROPIC_API_KEY'
    | 'OPENAI_API_KEY'
    | 'STIGMER_LLM_MAX_TOKENS'
    | 'STIGMER_LLM_TEMPERATURE'
    | 'STIGMER_LLM_CONTEXT_TOKENS'
  >
>;

/** Which model provider the agent-runners are given. */
export interface Provider {
  readonly settings: ProviderSettings;
  /** For status: "ollama at http://localhost:11434". */
  readonly description: string;
  /** Something that the user should know before the first run. */
  readonly warning?: string;
  /** The demo model has to be started, and is what `settings` name. */
  readonly demo: boolean;
}

export interface ChooseProviderOptions {
  readonly settings: SupervisorSettings;
  /** Where the demo model will listen: `http://127.0.0.1:PORT`. Asked for only when it is needed. */
  readonly demoUrl: () => Promise<string>;
  readonly clock: Clock;
}

const OLLAMA_URL = 'http://localhost:11434';
const OLLAMA_LIMIT_MS = 1_000;

/** The model when only a key says that OpenAI is meant: the runner knows no default for that provider. */
const OPENAI_MODEL = 'gpt-4.1-mini';

/**
 * Finds out which model provider there is: the one that STIGMER_LLM_PROVIDER names; else the one whose key is set; else Ollama if it
 * answers; else the demo model, where it is wanted. Where nothing answers, the runner is given Ollama's defaults and a warning says so.
 */
export async function chooseProvider({ settings, demoUrl, clock }: ChooseProviderOptions): Promise<Provider> {
  const given = givenSettings(settings);
  const named = settings.STIGMER_LLM_PROVIDER;
  if (named !== undefined) return { settings: given, description: describe(named, given), demo: false };
  if (settings.ANTHROPIC_API_KEY !== undefined) return byKey('anthropic', given, 'ANTHROPIC_API_KEY');
  if (settings.OPENAI_API_KEY !== undefined) {
    return byKey('openai', { ...given, STIGMER_LLM_MODEL: settings.STIGMER_LLM_MODEL ?? OPENAI_MODEL }, 'OPENAI_API_KEY');
  }

  const ollama = settings.OLLAMA_BASE_URL ?? settings.STIGMER_LLM_BASE_URL ?? OLLAMA_URL;
  const silence = await ollamaSilence(ollama, clock);
  const asOllama: ProviderSettings = { ...given, STIGMER_LLM_PROVIDER: 'ollama' };
  if (silence === undefined) return { settings: asOllama, description: describe('ollama', asOllama), demo: false };
  if (settings.STIGMER_DEMO_MODEL) {
    const url = await demoUrl();
    return {
      settings: {
        STIGMER_LLM_PROVIDER: 'openai',
        STIGMER_LLM_BASE_URL: `${url}/v1`,
        STIGMER_LLM_MODEL: 'demo-script',
        STIGMER_LLM_API_KEY: 'none-needed',
      },
      description: `demo model, a script and no model (${url})`,
      warning: `no model provider answers (${silence}): a scripted demo model stands in. ${HOW_TO_SET}`,
      demo: true,
    };
  }
  return {
    settings: asOllama,
    description: `no model provider: ${silence}`,
    warning: `no model provider answers: ${silence}. ${HOW_TO_SET}, or use \`--demo-model\` for a scripted stand-in`,
    demo: false,
  };
}

const HOW_TO_SET =
  'Start Ollama, or set ANTHROPIC_API_KEY or OPENAI_API_KEY, or STIGMER_LLM_PROVIDER with STIGMER_LLM_BASE_URL, and then `stigmer server restart`';

function givenSettings(settings: SupervisorSettings): ProviderSettings {
  return {
    STIGMER_LLM_PROVIDER: settings.STIGMER_LLM_PROVIDER,
    STIGMER_LLM_MODEL: settings.STIGMER_LLM_MODEL,
    STIGMER_LLM_BASE_URL: settings.STIGMER_LLM_BASE_URL,
    OLLAMA_BASE_URL: settings.OLLAMA_BASE_URL,
    STIGMER_LLM_API_KEY: settings.STIGMER_LLM_API_KEY,
    ANTHROPIC_API_KEY: settings.ANTHROPIC_API_KEY,
    OPENAI_API_KEY: settings.OPENAI_API_KEY,
    STIGMER_LLM_MAX_TOKENS: settings.STIGMER_LLM_MAX_TOKENS,
    STIGMER_LLM_TEMPERATURE: settings.STIGMER_LLM_TEMPERATURE,
    STIGMER_LLM_CONTEXT_TOKENS: settings.STIGMER_LLM_CONTEXT_TOKENS,
  };
}

function byKey(name: 'anthropic' | 'openai', given: ProviderSettings, key: string): Provider {
  const settings = { ...given, STIGMER_LLM_PROVIDER: name };
  return { settings, description: `${describe(name, settings)}, by ${key}`, demo: false };
}

function describe(name: string, { STIGMER_LLM_MODEL, STIGMER_LLM_BASE_URL, OLLAMA_BASE_URL }: ProviderSettings): string {
  const url = (name === 'ollama' ? OLLAMA_BASE_URL : undefined) ?? STIGMER_LLM_BASE_URL ?? (name === 'ollama' ? OLLAMA_URL : undefined);
  const model = STIGMER_LLM_MODEL === undefined ? '' : ` with ${STIGMER_LLM_MODEL}`;
  return `${name}${model}${url === undefined ? '' : ` at ${withoutCredentials(String(url))}`}`;
}

/** A URL may carry a user name and password, which status must not show. */
function withoutCredentials(url: string): string {
  if (!URL.canParse(url)) return 'an address that is no URL';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname.replace(/\/$/, '')}`;
}

/** Why Ollama does not answer, or undefined when it does. */
async function ollamaSilence(url: string, clock: Clock): Promise<string | undefined> {
  const ask = async (signal: AbortSignal): Promise<void> => {
    // Over TLS it is not asked: who gave such an address means it.
    if (!/^http:\/\//i.test(url) || !URL.canParse(url)) return;
    const base = new URL(url);
    base.pathname = base.pathname.replace(/\/(v1|api)?\/?$/, '/api/version');
    const { status } = await httpGet(base.href, signal);
    if (status !== 200) throw new Error(`${base.pathname} is answered with HTTP status ${status}`);
  };
  const why = await probeOnce(ask, clock, OLLAMA_LIMIT_MS, new AbortController().signal);
  return why === undefined ? undefined : `Ollama at ${withoutCredentials(url)}: ${why}`;
}
