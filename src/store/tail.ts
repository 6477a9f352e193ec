import type { Clock } from '../contract/clock.js';
import type { CommittedAppend } from './ports.js';
import type { LogReader } from './sqlite/log.js';
import { addsToLog, type LogOp } from './writer/protocol.js';
import type { CommittedWrite } from './writer/writer.js';

/** How many appends of other processes are read at a time. */
const READ_LIMIT = 256;

export type TailListener = (append: CommittedAppend) => void;

/**
 * Gives out every append once, in the order of the log. This process's own come from memory right after their commit; before them,
 * and on a timer, those of other processes are read from the file. The cursor is a position of the log, so that an append is never
 * given out twice, whichever way it was seen first.
 */
export class Tail {
  readonly #log: LogReader;
  readonly #clock: Clock;
  readonly #pollMs: number;
  readonly #onFault: (error: unknown) => void;
  readonly #listeners = new Set<{ readonly call: TailListener }>();
  /** Position of the last append given out. */
  #cursor = 0;
  #stopTimer: (() => void) | undefined;

  /** `onFault` is told when the file cannot be read (it is tried again at the next turn) and when a listener throws. */
  constructor(log: LogReader, clock: Clock, pollMs: number, onFault: (error: unknown) => void) {
    this.#log = log;
    this.#clock = clock;
    this.#pollMs = pollMs;
    this.#onFault = onFault;
  }

  /** Calls back for every append that is committed from now on. Gives the function that ends it. */
  listen(call: TailListener): () => void {
    if (this.#listeners.size === 0) {
      this.#cursor = this.#log.newestPosition();
      this.#planPoll();
    }
    const listener = { call };
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.close();
    };
  }

  /** Takes note of own appends that have just been committed. */
  committed(writes: readonly CommittedWrite[]): void {
    if (this.#listeners.size === 0) return;
    this.#guarded(() => {
      for (const { ops, firstPosition } of writes) {
        let position = firstPosition;
        for (const op of ops) if (addsToLog(op)) this.#giveOutOwn(op, position++);
      }
    });
  }

  /** Stops asking for appends of other processes. */
  close(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #planPoll(): void {
    this.#stopTimer = this.#clock.setTimer(this.#pollMs, () => {
      this.#planPoll();
      this.#guarded(() => this.#giveOutBetween(this.#cursor, Number.MAX_SAFE_INTEGER));
    });
  }

  #giveOutOwn(op: LogOp, position: number): void {
    if (position <= this.#cursor) return;
    this.#giveOutBetween(this.#cursor, position);
    this.#cursor = position;
    const executionId = op.op === 'append' ? op.executionId : op.row.id;
    this.#giveOut({ executionId, firstRevision: op.head.revision - op.events.length + 1, events: op.events, head: op.head });
  }

  /** What other processes have appended at positions between two, both left out. */
  #giveOutBetween(after: number, before: number): void {
    let from = after;
    while (from + 1 < before) {
      const rows = this.#log.tail(from, before, READ_LIMIT);
      for (const { position, append } of rows) {
        this.#cursor = position;
        if (append) this.#giveOut(append);
      }
      const last = rows.at(-1);
      if (!last || rows.length < READ_LIMIT) return;
      from = last.position;
    }
  }

  #giveOut(append: CommittedAppend): void {
    for (const { call } of this.#listeners) this.#guarded(() => call(append));
  }

  /** What stands in the log is given out at the next turn when it cannot be read now: the cursor stays before it. */
  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#onFault(error);
    }
  }
}
