import type { ConnectionOptions } from '../sqlite/database.js';
import type { SqliteFailure } from '../sqlite/sqlite-failure.js';
import type { WriteOp } from '../ports.js';

/** A secret value as it is stored. */
export interface SealedValue {
  readonly field: string;
  readonly keyVersion: number;
  readonly nonce: Uint8Array;
  /** Ciphertext and authentication tag. */
  readonly sealed: Uint8Array;
}

/** What the writer thread carries out: the port's changes, with secret values sealed, and the store's own upkeep. */
export type WriterOp = Exclude<WriteOp, { op: 'put-secrets' }> | SecretOp | UpkeepOp;

export type SecretOp =
  /** Refused when `keyVersion` is not the one in force: another process has changed the key. */
  | { readonly op: 'put-sealed'; readonly ownerId: string; readonly keyVersion: number; readonly values: readonly SealedValue[] }
  /** Puts a key in force, with a value sealed under it by which it is known again. */
  | { readonly op: 'use-key'; readonly keyVersion: number; readonly check: string }
  /** Replaces a value unless it has changed since it was read. */
  | { readonly op: 'reseal'; readonly ownerId: string; readonly oldNonce: Uint8Array; readonly value: SealedValue };

/** Each takes at most `limit` rows, so that no commit takes long, and answers how many it took. */
export type UpkeepOp =
  | { readonly op: 'drop-events'; readonly finishedBefore: number; readonly limit: number }
  | { readonly op: 'sweep-segments'; readonly limit: number }
  | { readonly op: 'purge-answers'; readonly expiredBefore: number; readonly limit: number }
  | { readonly op: 'purge-changes'; readonly madeBefore: number; readonly limit: number }
  | { readonly op: 'release-pages'; readonly limit: number }
  | { readonly op: 'set-meta'; readonly name: string; readonly value: string };

/** Changes that may add events. */
export type LogOp = Extract<WriterOp, { op: 'append' | 'insert-execution' }>;

/** Whether the change takes a position in the log. */
export function addsToLog(op: WriterOp): op is LogOp {
  return (op.op === 'append' || op.op === 'insert-execution') && op.events.length > 0;
}

/** What shares one commit. */
export interface Batch {
  /** The clock's time, in milliseconds since 1970. */
  readonly now: number;
  /** Each happens as a whole or not at all. */
  readonly writes: readonly (readonly WriterOp[])[];
}

/** Why a write was refused, or failed. The main thread makes the error of it. */
export type Refusal =
  | { readonly type: 'not-found'; readonly kind: string; readonly id: string }
  | { readonly type: 'already-exists'; readonly kind: string; readonly what: string; readonly id: string }
  | { readonly type: 'version-conflict'; readonly kind: string; readonly id: string; readonly expected: string; readonly actual: string }
  | { readonly type: 'reference-missing'; readonly kind: string; readonly id: string; readonly field: string }
  | { readonly type: 'has-children'; readonly id: string; readonly childKind: string; readonly childId: string }
  | { readonly type: 'referenced'; readonly kind: string; readonly id: string; readonly byKind: string; readonly byId: string; readonly field: string }
  | { readonly type: 'revision-conflict'; readonly id: string; readonly expected: number; readonly actual: number }
  | { readonly type: 'report-repeated'; readonly id: string; readonly attempt: number; readonly sequence: number; readonly logged: number }
  | { readonly type: 'attempt-overtaken'; readonly id: string; readonly attempt: number; readonly logged: number }
  | { readonly type: 'head-mismatch'; readonly id: string; readonly expected: number; readonly actual: number }
  | { readonly type: 'secrets-claimed'; readonly ownerId: string; readonly attempt: number }
  | { readonly type: 'key-replaced'; readonly keyVersion: number }
  | { readonly type: 'answer-kept'; readonly key: string }
  | { readonly type: 'sqlite'; readonly failure: SqliteFailure }
  | { readonly type: 'fault'; readonly message: string };

export type BatchResult =
  | {
      /** Position in the log of the first append; the others follow without a gap, in order, those of refused writes left out. */
      readonly firstPosition: number;
      /** By index of the write. */
      readonly refusals: ReadonlyMap<number, Refusal>;
      /** Rows that upkeep took, by index of the write. */
      readonly taken: ReadonlyMap<number, number>;
    }
  /** Nothing of the batch happened. */
  | { readonly failure: Refusal };

/** Start parameters of the writer thread. */
export interface WriterData {
  readonly connection: ConnectionOptions;
  readonly busyRetries: number;
}

/** To the writer thread: batches, each a `Batch` in the encoding of `v8.serialize`, and at last `close`. */
export type ToWriter = Uint8Array | 'close';

/** From it: `ready` once, then a result for each batch, in order. */
export type FromWriter = 'ready' | BatchResult;
