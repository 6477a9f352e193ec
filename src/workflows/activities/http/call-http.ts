import type { ApplicationFailure } from '@temporalio/activity';
import { type Dispatcher, request } from 'undici';
import { isObject, type Json, type JsonObject } from '../../../workflow-document/json.js';
import type { HttpCall } from '../interpreter-activities.js';
import { workflowFailure } from '../workflow-failure.js';
import { authorization, digestAuthorization } from './authentication.js';
import { checkUrl, InternalAddress } from './guarded-agent.js';

/** Largest body that is read: what a task gives travels through Temporal. */
const LARGEST_BODY = 1024 * 1024;
const MOST_REDIRECTS = 10;

export interface HttpOptions {
  /** Refuses internal addresses. */
  readonly agent: Dispatcher;
  /** Internal hosts that may be called: `host` or `host:port`. */
  readonly allowed: readonly string[];
  readonly signal: AbortSignal;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * Makes an HTTP call and gives what its `output` asks for. 4xx, and 3xx that is not followed, end for good; 5xx and what fails on the way
 * may be tried again. Throws failures that carry an error of the specification.
 */
export async function callHttp(call: HttpCall, options: HttpOptions): Promise<Json> {
  try {
    return await made(call, options);
  } catch (error) {
    throw explained(error, call);
  }
}

async function made(call: HttpCall, options: HttpOptions): Promise<Json> {
  const url = urlOf(call);
  const headers: Record<string, string> = { ...textsOf(call.headers) };
  const token = await authorization(call.authentication, (endpoint, own, form) => requestToken(endpoint, own, form, call, options));
  if (token !== undefined) headers['authorization'] = token;
  const body = bodyOf(call.body, headers);
  let answer = await follow({ method: call.method, url, headers, body }, call, options);
  const challenge = answer.headers['www-authenticate'];
  if (answer.status === 401 && challenge !== undefined && call.authentication !== undefined) {
    const digest = digestAuthorization(call.authentication, challenge, call.method, `${url.pathname}${url.search}`);
    if (digest !== undefined) answer = await follow({ method: call.method, url, headers: { ...headers, authorization: digest }, body }, call, options);
  }
  if (answer.status >= 300) throw refused(call, answer);
  return outputOf(call, url, answer);
}

function urlOf({ uri, query }: HttpCall): URL {
  let url: URL;
  try {
    url = new URL(uri);
  } catch {
    throw workflowFailure({ error: 'configuration', detail: `${uri} is no address`, retryable: false });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw workflowFailure({ error: 'configuration', detail: `${url.protocol}// is not called here: http and https are`, retryable: false });
  }
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== null) url.searchParams.append(name, plain(one));
  }
  return url;
}

function plain(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function textsOf(object: JsonObject): Record<string, string> {
  return Object.fromEntries(Object.entries(object).flatMap(([name, value]) => (value === null ? [] : [[name.toLowerCase(), plain(value)]])));
}

function bodyOf(body: Json | undefined, headers: Record<string, string>): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string') return body;
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true && isObject(body)) return new URLSearchParams(textValues(body)).toString();
  headers['content-type'] ??= 'application/json';
  return JSON.stringify(body);
}

function textValues(object: JsonObject): Record<string, string> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, plain(value)]));
}

interface Request {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Each address on the way is checked like the first. */
async function follow(first: Request, call: HttpCall, options: HttpOptions): Promise<Answer> {
  let next = first;
  for (let redirects = 0; ; redirects++) {
    const answer = await once(next, options);
    const { location } = answer.headers;
    if (!call.redirect || location === undefined || ![301, 302, 303, 307, 308].includes(answer.status)) return answer;
    if (redirects >= MOST_REDIRECTS) throw workflowFailure({ error: 'communication', detail: `${call.uri} redirects more than ${MOST_REDIRECTS} times`, retryable: false });
    next = redirected(next, new URL(location, next.url), answer.status);
  }
}

function redirected({ method, url, headers, body }: Request, target: URL, status: number): Request {
  const toGet = status === 303 || ((status === 301 || status === 302) && method === 'POST');
  const kept = Object.entries(headers).filter(([name]) => {
    // Credentials are for whom they were given.
    if (target.origin !== url.origin && ['authorization', 'cookie', 'proxy-authorization'].includes(name)) return false;
    return !toGet || !name.startsWith('content-');
  });
  return { method: toGet ? 'GET' : method, url: target, headers: Object.fromEntries(kept), body: toGet ? undefined : body };
}

async function once({ method, url, headers, body }: Request, { agent, allowed, signal }: HttpOptions): Promise<Answer> {
  checkUrl(url, allowed);
  const response = await request(url, { method: method as Dispatcher.HttpMethod, headers, ...(body === undefined ? {} : { body }), dispatcher: agent, signal });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_BODY) {
      throw workflowFailure({ error: 'communication', detail: `the answer of ${url.origin} has more than ${LARGEST_BODY} bytes, which is the limit`, retryable: false });
    }
    chunks.push(chunk);
  }
  const received = Object.entries(response.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]);
  return { status: response.statusCode, headers: Object.fromEntries(received) as Record<string, string>, body: Buffer.concat(chunks) };
}

async function requestToken(endpoint: string, headers: Readonly<Record<string, string>>, form: URLSearchParams, call: HttpCall, options: HttpOptions): Promise<Json> {
  const own = { ...headers, 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
  const answer = await follow({ method: 'POST', url: urlOf({ ...call, uri: endpoint, query: {} }), headers: own, body: form.toString() }, call, options);
  if (answer.status >= 300) {
    throw workflowFailure({ error: 'authentication', detail: `${endpoint} answered ${answer.status} to the request for a token`, retryable: answer.status >= 500 });
  }
  return content(answer);
}

function content({ headers, body }: Answer): Json {
  const text = body.toString('utf8');
  if (text === '') return null;
  const type = headers['content-type'] ?? '';
  if (!/[/+]json\b/i.test(type) && !/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function outputOf(call: HttpCall, url: URL, answer: Answer): Json {
  if (call.output === 'raw') return answer.body.toString('base64');
  if (call.output === 'content') return content(answer);
  return {
    request: { method: call.method, uri: `${url.origin}${url.pathname}`, headers: Object.fromEntries(Object.entries(textsOf(call.headers)).filter(([name]) => name !== 'authorization')) },
    statusCode: answer.status,
    headers: { ...answer.headers },
    content: content(answer),
  };
}

const LONGEST_DETAIL = 4_000;

function refused(call: HttpCall, answer: Answer): ApplicationFailure {
  const text = answer.body.toString('utf8').slice(0, LONGEST_DETAIL);
  const { status } = answer;
  const error = status === 401 ? 'authentication' : status === 403 ? 'authorization' : 'communication';
  return workflowFailure({
    error,
    status,
    title: `HTTP ${status}`,
    detail: `${call.method} ${withoutQuery(call.uri)} answered ${status}${text === '' ? '' : `: ${text}`}`,
    retryable: status >= 500,
    extensions: { content: content({ ...answer, body: answer.body.subarray(0, 64 * 1024) }) },
  });
}

function withoutQuery(uri: string): string {
  return uri.split(/[?#]/)[0] as string;
}

function explained(error: unknown, call: HttpCall): unknown {
  if (!(error instanceof Error) || error.name === 'ApplicationFailure') return error;
  const cause = internalCause(error);
  if (cause) {
    const detail = `${cause.message}. A workflow may not call it unless the worker allows that: STIGMER_WORKFLOW_INTERNAL_HOSTS=${hostOf(call.uri)}`;
    return workflowFailure({ error: 'configuration', detail, retryable: false });
  }
  if (error.name === 'AbortError') return error;
  const code = 'code' in error ? ` (${String(error.code)})` : '';
  const timeout = error.name === 'HeadersTimeoutError' || error.name === 'BodyTimeoutError' || error.name === 'ConnectTimeoutError';
  return workflowFailure({ error: timeout ? 'timeout' : 'communication', detail: `${call.method} ${withoutQuery(call.uri)} failed: ${error.message}${code}`, retryable: true });
}

function hostOf(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).host : uri;
}

function internalCause(error: unknown): InternalAddress | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if (at instanceof InternalAddress) return at;
  return undefined;
}
