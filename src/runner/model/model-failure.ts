import { Code, type ErrorOptions, StigmerError } from '../../contract/errors.js';
import type { ModelSettings, Provider } from './model-settings.js';

/** Why a model did not answer. */
export type ModelFailureReason =
  /** No connection. */
  | 'MODEL_UNREACHABLE'
  /** Connected, and then nothing was said. */
  | 'MODEL_SILENT'
  /** The answer broke off, or is none. */
  | 'MODEL_BROKEN_ANSWER'
  | 'MODEL_UNKNOWN'
  | 'MODEL_KEY_REFUSED'
  | 'MODEL_RATE_LIMITED'
  | 'MODEL_QUOTA'
  | 'MODEL_OVERLOADED'
  | 'MODEL_REFUSED_REQUEST';

/** The model in question, and where it was asked for. */
export interface AskedModel {
  readonly settings: ModelSettings;
  readonly model: string;
}

/** The error of a run whose model provider cannot be connected to. `cause` is what fetch threw. */
export function unreachable({ settings }: AskedModel, cause: unknown): StigmerError {
  const { provider, baseUrl, baseUrlVariable } = settings;
  const start = provider === 'ollama' ? 'Start it (ollama serve), or set' : 'Set';
  return modelError(
    Code.UNAVAILABLE,
    'MODEL_UNREACHABLE',
    `The model provider ${provider} does not answer at ${baseUrl} (${networkReason(cause)}). ${start} ${baseUrlVariable} of the agent-runner to where it is.`,
    cause,
  );
}

/** The error of a run whose model said nothing for so long. */
export function silent({ settings, model }: AskedModel, ms: number, cause?: unknown): StigmerError {
  return modelError(
    Code.DEADLINE_EXCEEDED,
    'MODEL_SILENT',
    `The model ${model} of ${settings.provider} at ${settings.baseUrl} has said nothing for ${Math.round(ms / 1000)} s.`,
    cause,
  );
}

/** The error of a run whose model's answer broke off or could not be read. */
export function brokenAnswer({ settings, model }: AskedModel, cause: unknown): StigmerError {
  return modelError(
    Code.UNAVAILABLE,
    'MODEL_BROKEN_ANSWER',
    `The answer of the model ${model} of ${settings.provider} at ${settings.baseUrl} broke off or cannot be read: ${errorMessage(messageOf(cause))}`,
    cause,
  );
}

/** The error of a run whose model provider answered with an HTTP status other than 2xx. `body` is the response's text. */
export function refused(asked: AskedModel, status: number, body: string): StigmerError {
  const { settings, model } = asked;
  const { provider, baseUrl } = settings;
  const said = errorMessage(body);
  const where = `${provider} at ${baseUrl}`;
  const saying = said === '' ? `(HTTP ${status})` : `(HTTP ${status}: ${said})`;
  if (status === 401 || status === 403) {
    const key = settings.apiKeyVariables === '' ? '' : ` Set ${settings.apiKeyVariables} of the agent-runner to a valid one.`;
    return modelError(Code.UNAUTHENTICATED, 'MODEL_KEY_REFUSED', `${where} refused the key ${saying}.${key}`);
  }
  if (isUnknownModel(status, said)) {
    return modelError(Code.NOT_FOUND, 'MODEL_UNKNOWN', `${where} has no model ${model} ${saying}. ${howToGet(provider, model)}`);
  }
  if (isQuota(status, body)) return modelError(Code.RESOURCE_EXHAUSTED, 'MODEL_QUOTA', `${where} has no quota left for this key ${saying}.`);
  if (status === 429) return modelError(Code.RESOURCE_EXHAUSTED, 'MODEL_RATE_LIMITED', `${where} takes no more requests for now ${saying}.`);
  if (status >= 500) return modelError(Code.UNAVAILABLE, 'MODEL_OVERLOADED', `${where} has trouble ${saying}.`);
  if (/does not support tools/i.test(said)) {
    return modelError(Code.FAILED_PRECONDITION, 'MODEL_REFUSED_REQUEST', `The model ${model} of ${where} does not support tools, which every agent has. Choose a model that does.`);
  }
  return modelError(Code.FAILED_PRECONDITION, 'MODEL_REFUSED_REQUEST', `${where} refused the request to the model ${model} ${saying}.`);
}

/** Whether the same request may succeed later. */
export function isPassing(status: number, body: string): boolean {
  if (isQuota(status, body)) return false;
  return status === 408 || status === 409 || status === 425 || status === 429 || status >= 500;
}

/** The failure in an error that a library may have wrapped; undefined when there is none. */
export function modelFailureIn(error: unknown): (StigmerError & { readonly reason: ModelFailureReason }) | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth++) {
    if (at instanceof StigmerError && at.reason?.startsWith('MODEL_') === true) return at as StigmerError & { reason: ModelFailureReason };
  }
  return undefined;
}

function modelError(code: Code, reason: ModelFailureReason, message: string, cause?: unknown): StigmerError {
  const options: ErrorOptions = cause === undefined ? {} : { cause };
  return new StigmerError(code, message, { details: [{ type: 'ErrorInfo', reason, domain: 'stigmer.ai', metadata: {} }], ...options });
}

function isUnknownModel(status: number, said: string): boolean {
  return status === 404 || (status === 400 && /model.{0,80}(not found|does not exist|not exist|unknown)|invalid model/i.test(said));
}

function isQuota(status: number, body: string): boolean {
  return status === 402 || (status === 429 && /insufficient_quota|billing|credit balance/i.test(body));
}

function howToGet(provider: Provider, model: string): string {
  if (provider === 'ollama') return `Get it with "ollama pull ${model}", or choose another (STIGMER_LLM_MODEL, or --model for one run).`;
  return 'Choose one that the provider has (STIGMER_LLM_MODEL of the agent-runner, or execution_config.model_name of the run).';
}

/** What the provider says, of a body in one of the forms of the three protocols or in any other. */
function errorMessage(body: string): string {
  let text = body;
  try {
    const parsed = JSON.parse(body) as { error?: unknown; message?: unknown };
    const { error } = parsed;
    const found = typeof error === 'object' && error !== null ? (error as { message?: unknown }).message : (error ?? parsed.message);
    if (typeof found === 'string') text = found;
  } catch {
    // Not JSON: the text itself is what is said, unless it is a page for a browser.
    if (/^\s*</.test(body)) return '';
  }
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

const networkReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up',
  ETIMEDOUT: 'connecting timed out',
  UND_ERR_CONNECT_TIMEOUT: 'connecting timed out',
  ECONNRESET: 'connection reset',
  UND_ERR_SOCKET: 'the connection was closed',
  EHOSTUNREACH: 'host not reachable',
  ENETUNREACH: 'network not reachable',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
};

/** Why fetch failed, in few words. */
export function networkReason(error: unknown): string {
  let root = error;
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const inner = at instanceof AggregateError ? (at.errors[0] as { code?: unknown } | undefined) : (at as { code?: unknown });
    if (typeof inner?.code === 'string') return networkReasons[inner.code] ?? inner.code;
    root = at;
  }
  return messageOf(root);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
