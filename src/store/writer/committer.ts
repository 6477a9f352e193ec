import type Database from 'better-sqlite3';
import { sqliteFailure } from '../sqlite/sqlite-failure.js';
import { createAppender } from './ops/append-op.js';
import type { Handlers, WriteContext } from './ops/context.js';
import { executionOps } from './ops/execution-ops.js';
import { resourceOps } from './ops/resource-ops.js';
import { secretOps } from './ops/secret-ops.js';
import { sideOps } from './ops/side-ops.js';
import { upkeepOps } from './ops/upkeep-ops.js';
import type { Batch, BatchResult, Refusal, WriterOp } from './protocol.js';
import { Refused } from './refused.js';

/** Failures of a statement that are the write's own fault and leave the transaction whole. */
const OWN_FAULT = /^SQLITE_(CONSTRAINT|TOOBIG|MISMATCH|RANGE)/;

/** Carries out batches: one transaction each, one savepoint for each write. */
export class Committer {
  readonly #db: Database.Database;
  readonly #busyRetries: number;
  readonly #handlers: Handlers;
  readonly #newestPosition: Database.Statement<[], number>;
  readonly #begin: Database.Statement;
  readonly #commit: Database.Statement;
  readonly #savepoint: Database.Statement;
  readonly #release: Database.Statement;
  readonly #undo: Database.Statement;

  constructor(db: Database.Database, busyRetries: number) {
    this.#db = db;
    this.#busyRetries = busyRetries;
    const appender = createAppender(db);
    this.#handlers = {
      ...resourceOps(db),
      ...executionOps(db, appender),
      ...appender.handlers,
      ...sideOps(db),
      ...secretOps(db),
      ...upkeepOps(db),
    };
    this.#newestPosition = db
      .prepare<[], number>(
        `SELECT max(coalesce((SELECT max(position) FROM segments), 0),
                    coalesce((SELECT cast(value AS INTEGER) FROM meta WHERE name = 'log_floor'), 0))`,
      )
      .pluck();
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#savepoint = db.prepare('SAVEPOINT one_write');
    this.#release = db.prepare('RELEASE one_write');
    this.#undo = db.prepare('ROLLBACK TO one_write');
  }

  /** Returns when the batch is on disk, or when nothing of it is. Does not throw for what SQLite refuses. */
  commit({ now, writes }: Batch): BatchResult {
    try {
      this.#beginPatiently();
      const newest = this.#newestPosition.get() ?? 0;
      let used = newest;
      const refusals = new Map<number, Refusal>();
      const taken = new Map<number, number>();
      writes.forEach((ops, index) => {
        const usedBefore = used;
        const outcome = this.#apply(ops, now, () => ++used);
        if (typeof outcome !== 'number') {
          used = usedBefore;
          refusals.set(index, outcome);
        } else if (outcome > 0) {
          taken.set(index, outcome);
        }
      });
      this.#commit.run();
      return { firstPosition: newest + 1, refusals, taken };
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      return { failure: refusalOf(error) };
    }
  }

  #beginPatiently(): void {
    for (let retries = 0; ; retries++) {
      try {
        this.#begin.run();
        return;
      } catch (error) {
        if (sqliteFailure(error)?.code !== 'SQLITE_BUSY' || retries >= this.#busyRetries) throw error;
      }
    }
  }

  /** Rows that upkeep took, or why the write was refused. Throws when the transaction cannot go on. */
  #apply(ops: readonly WriterOp[], now: number, nextPosition: () => number): number | Refusal {
    this.#savepoint.run();
    try {
      const checks: (() => void)[] = [];
      const context: WriteContext = { now, nextPosition, atEnd: (check) => checks.push(check) };
      let taken = 0;
      for (const op of ops) taken += this.#dispatch(op, context);
      for (const check of checks) check();
      this.#release.run();
      return taken;
    } catch (error) {
      const failure = sqliteFailure(error);
      if (!this.#db.inTransaction || (failure && !OWN_FAULT.test(failure.code))) throw error;
      this.#undo.run();
      this.#release.run();
      return refusalOf(error);
    }
  }

  #dispatch<O extends WriterOp['op']>(op: Extract<WriterOp, { op: O }>, context: WriteContext): number {
    const handler: Handlers<O>[O] = this.#handlers[op.op];
    return handler(op, context) ?? 0;
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refused) return error.refusal;
  const failure = sqliteFailure(error);
  if (failure) return { type: 'sqlite', failure };
  return { type: 'fault', message: error instanceof Error ? error.message : String(error) };
}
