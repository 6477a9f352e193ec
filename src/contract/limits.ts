import { resourceExhausted } from './errors.js';

/** A bound on something that people or programs send. */
export interface Limit {
  /** What is bounded, as the error text names it. */
  readonly what: string;
  readonly max: number;
  readonly unit: 'bytes' | 'entries';
}

const KiB = 1024;
const MiB = 1024 * KiB;

/** One gRPC message, each way. The original's figure, so that whatever was sent to it can be sent here. */
export const MESSAGE_LIMIT: Limit = { what: 'message', max: 10 * MiB, unit: 'bytes' };

/** State of one execution, encoded. The original's clients read at most 4 MiB, and a reader that cannot read the end waits for ever. */
export const EXECUTION_STATE_LIMIT: Limit = { what: 'state of the execution', max: 3.5 * MiB, unit: 'bytes' };

/** Result of one tool call within the state; a longer one is cut there and kept whole as an artifact. */
export const TOOL_RESULT_LIMIT: Limit = { what: 'result of the tool call', max: 256 * KiB, unit: 'bytes' };

/** Message of a run and its runtime_env together. Both travel in one Temporal payload, of which Temporal refuses 2 MB. */
export const RUN_INPUT_LIMIT: Limit = { what: 'message and environment of the run', max: 1 * MiB, unit: 'bytes' };

/** Entries in a page of a list, and how many there are when the request does not say. */
export const PAGE_LIMIT: Limit = { what: 'page', max: 1000, unit: 'entries' };
export const DEFAULT_PAGE_SIZE = 100;

/** Refuses what is over a limit, with RESOURCE_EXHAUSTED that tells both numbers. */
export function checkLimit(limit: Limit, actual: number): void {
  if (actual > limit.max) throw resourceExhausted(limit.what, limit.max, actual, limit.unit);
}

/** Length of a text in UTF-8, which is what limits count. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}
