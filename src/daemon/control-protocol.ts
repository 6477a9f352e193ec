import { type Code, StigmerError } from '../contract/errors.js';
import type { DaemonStatus, StartProgress } from './control.js';

/**
 * How others talk to a supervisor: over its Unix socket, one request a connection, each message a line of JSON. The answer is any
 * number of `progress` messages, then one `result` or `error`.
 */
export type ControlRequest =
  | { readonly request: 'status' }
  /** Starts what does not run of these (all, when not given), and answers when it is ready. */
  | { readonly request: 'start'; readonly only?: readonly string[] }
  /** Stops everything and then the supervisor, which ends after its answer. */
  | { readonly request: 'stop'; readonly now: boolean };

export type ControlResponse =
  | { readonly progress: StartProgress }
  | { readonly result: DaemonStatus }
  | { readonly error: ErrorText };

/** A StigmerError on its way through the socket: code and words, which are what a person gets. */
export interface ErrorText {
  readonly code: Code;
  readonly message: string;
}

/** Longest line that is read, in UTF-16 code units. */
export const LONGEST_MESSAGE = 1024 * 1024;

export function toErrorText(error: unknown): ErrorText {
  const { code, message } = StigmerError.from(error);
  return { code, message };
}

export function fromErrorText({ code, message }: ErrorText): StigmerError {
  return new StigmerError(code, message);
}

/** Reads a request; undefined for what is none. */
export function parseRequest(line: string): ControlRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Another program has connected, or another version: the caller says so.
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { request, only, now } = value as Record<string, unknown>;
  switch (request) {
    case 'status':
      return { request };
    case 'start': {
      if (only === undefined) return { request };
      return Array.isArray(only) && only.every((name) => typeof name === 'string') ? { request, only: only as string[] } : undefined;
    }
    case 'stop':
      return { request, now: now === true };
    default:
      return undefined;
  }
}
