import type { Clock } from '../../contract/clock.js';
import { Backoff } from '../../client/backoff.js';
import { wait } from '../../client/wait.js';
import type { StigmerError } from '../../contract/errors.js';
import { type AskedModel, brokenAnswer, isPassing, networkReason, refused, silent, unreachable } from './model-failure.js';

/** What is worth telling while a model does not answer. A later trouble takes the place of an earlier one. */
export interface ModelTrouble {
  readonly code: 'MODEL_RATE_LIMITED' | 'MODEL_UNREACHABLE' | 'MODEL_RETRY' | 'MODEL_WAITING';
  readonly text: string;
  /** Until the next try, when there is one. */
  readonly retryInMs?: number;
}

/** Who listens to how the connection to the model fares. */
export interface ModelListener {
  trouble(trouble: ModelTrouble): void;
  /** The model answers; what was told is over. */
  answering(): void;
  /** The request is given up. */
  failed(error: StigmerError): void;
}

export interface ModelFetchOptions {
  readonly asked: AskedModel;
  readonly clock: Clock;
  /** Ends every request when it aborts: the run's. */
  readonly signal: AbortSignal;
  /** Asked for each request. */
  readonly listener: () => ModelListener;
  readonly limits?: Partial<ModelLimits>;
  readonly random?: () => number;
  readonly fetch?: typeof fetch;
}

/** Times in milliseconds. */
export interface ModelLimits {
  /** Tries when there is no connection. */
  readonly connectTries: number;
  /** Tries when the provider says that it has trouble or takes no more. */
  readonly answerTries: number;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** Silence that is told. */
  readonly tellAfterMs: number;
  /** Most silence before the first byte of an answer: a local model may have to be loaded. */
  readonly firstByteMs: number;
  /** Most silence between two bytes. */
  readonly betweenBytesMs: number;
}

const defaultLimits: ModelLimits = {
  connectTries: 4,
  answerTries: 6,
  firstWaitMs: 800,
  longestWaitMs: 30_000,
  tellAfterMs: 4_000,
  firstByteMs: 290_000,
  betweenBytesMs: 120_000,
};

/** Longest wait that a provider's retry-after is followed for. */
const longestRetryAfterMs = 120_000;
/** What of an error's body is read. */
const errorBodyBytes = 64 * 1024;

/**
 * A fetch for the clients of model providers. It tries again after errors that pass (no connection, 408, 429, 5xx), with backoff or as
 * the provider says; ends a request on which nothing is said for too long, and all of them when the run's signal aborts; and tells the
 * listener. An answer that has begun is never asked for again. Other statuses are handed on, with their body.
 */
export function modelFetch(options: ModelFetchOptions): typeof fetch {
  const { asked, clock, signal, random = Math.random, fetch: doFetch = fetch } = options;
  const limits = { ...defaultLimits, ...options.limits };

  return async (input, init) => {
    const listener = options.listener();
    const signals = init?.signal ? [init.signal, signal] : [signal];
    const stop = AbortSignal.any(signals);
    const backoff = new Backoff({ initialMs: limits.firstWaitMs, maxMs: limits.longestWaitMs, random });
    for (let tries = 1; ; tries++) {
      const failure = await attempt(input, init, stop, listener);
      if ('response' in failure) return failure.response;
      if (failure.final || tries >= failure.tries) {
        listener.failed(failure.error);
        if (failure.handOn !== undefined) return failure.handOn;
        throw failure.error;
      }
      const retryInMs = failure.retryAfterMs ?? backoff.next();
      listener.trouble({ code: failure.code, text: failure.error.message, retryInMs });
      await wait(clock, retryInMs, stop);
      stop.throwIfAborted();
    }
  };

  async function attempt(input: Parameters<typeof fetch>[0], init: RequestInit | undefined, stop: AbortSignal, listener: ModelListener): Promise<Attempt> {
    const silence = new AbortController();
    const cancelTelling = clock.setTimer(limits.tellAfterMs, () => {
      const text = `The model ${asked.model} of ${asked.settings.provider} at ${asked.settings.baseUrl} has not begun to answer.`;
      listener.trouble({ code: 'MODEL_WAITING', text });
    });
    const cancelFirstByte = clock.setTimer(limits.firstByteMs, () => silence.abort());
    const begun = (): void => {
      cancelTelling();
      cancelFirstByte();
    };
    try {
      const response = await doFetch(input, { ...init, signal: AbortSignal.any([stop, silence.signal]) });
      if (!response.ok) {
        const body = await readStart(response, errorBodyBytes);
        begun();
        return statusAttempt(response, body);
      }
      if (response.body === null) {
        begun();
        return { response };
      }
      return { response: new Response(watched(response.body, { begun, silence, stop, listener }), response) };
    } catch (error) {
      begun();
      stop.throwIfAborted();
      if (silence.signal.aborted) return { final: true, tries: 0, code: 'MODEL_RETRY', error: silent(asked, limits.firstByteMs, error) };
      return { final: false, tries: limits.connectTries, code: 'MODEL_UNREACHABLE', error: unreachable(asked, error) };
    }
  }

  function statusAttempt(response: Response, body: string): Attempt {
    const error = refused(asked, response.status, body);
    const retryAfterMs = retryAfter(response.headers, clock);
    const passing = isPassing(response.status, body) && (retryAfterMs ?? 0) <= longestRetryAfterMs;
    return {
      final: !passing,
      tries: limits.answerTries,
      code: response.status === 429 ? 'MODEL_RATE_LIMITED' : 'MODEL_RETRY',
      error,
      handOn: new Response(body, { status: response.status, statusText: response.statusText, headers: plainHeaders(response.headers) }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }

  /** The body, with silence in it ended and a break told as what it is. */
  function watched(body: ReadableStream<Uint8Array>, on: Watching): ReadableStream<Uint8Array> {
    const reader = body.getReader();
    let begun = false;
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const cancelTimer = begun ? clock.setTimer(limits.betweenBytesMs, () => on.silence.abort()) : () => undefined;
          try {
            const { done, value } = await reader.read();
            on.begun();
            if (!begun) on.listener.answering();
            if (done) controller.close();
            else controller.enqueue(value);
          } catch (error) {
            on.begun();
            controller.error(reasonOfBreak(error, begun ? limits.betweenBytesMs : limits.firstByteMs, on));
          } finally {
            begun = true;
            cancelTimer();
          }
        },
        cancel(reason) {
          on.begun();
          return reader.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
  }

  function reasonOfBreak(error: unknown, silenceMs: number, { stop, silence, listener }: Watching): unknown {
    if (stop.aborted) return stop.reason;
    const reason = silence.signal.aborted ? silent(asked, silenceMs, error) : brokenAnswer(asked, new Error(networkReason(error), { cause: error }));
    listener.failed(reason);
    return reason;
  }
}

interface Watching {
  /** The first byte is there, or will not come. */
  readonly begun: () => void;
  /** Aborted by us when nothing is said for too long. */
  readonly silence: AbortController;
  /** Aborted from outside. */
  readonly stop: AbortSignal;
  readonly listener: ModelListener;
}

type Attempt =
  | { readonly response: Response }
  | {
      readonly final: boolean;
      readonly tries: number;
      readonly code: ModelTrouble['code'];
      readonly error: StigmerError;
      readonly retryAfterMs?: number;
      /** Given to the client in place of an error, which reads more out of it than can be told here. */
      readonly handOn?: Response;
    };

/** The beginning of a body as text. The rest is not read. */
async function readStart(response: Response, most: number): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= most) break;
    }
  } catch {
    // The status says enough without the rest of the body.
  }
  return Buffer.concat(chunks).subarray(0, most).toString();
}

/** Milliseconds that `retry-after-ms` or `retry-after` (seconds or a date) asks for. */
function retryAfter(headers: Headers, clock: Clock): number | undefined {
  const ms = Number(headers.get('retry-after-ms') ?? Number.NaN);
  if (ms >= 0) return ms;
  const text = headers.get('retry-after');
  if (text === null) return undefined;
  const seconds = Number(text);
  if (seconds >= 0) return seconds * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - clock.now());
}

/** Without those that spoke of the body as it was on the wire. */
function plainHeaders(headers: Headers): Headers {
  const plain = new Headers(headers);
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) plain.delete(name);
  return plain;
}
