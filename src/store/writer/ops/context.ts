import type { WriterOp } from '../protocol.js';

/** What a change may use of the transaction that it is part of. */
export interface WriteContext {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The next position in the log. */
  readonly nextPosition: () => number;
  /** Runs a check when all changes of the write are made. */
  readonly atEnd: (check: () => void) => void;
}

/** Carries out each kind of change; the number is that of the rows that upkeep took. */
export type Handlers<K extends WriterOp['op'] = WriterOp['op']> = {
  readonly [O in K]: (op: Extract<WriterOp, { op: O }>, context: WriteContext) => number | void;
};
