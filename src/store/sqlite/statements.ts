import type Database from 'better-sqlite3';
import { sqliteError } from './sqlite-error.js';

/** A value that SQL takes. */
export type Value = string | number;

/** A prepared statement whose rows are of a known form. */
export interface Query<R> {
  /** The first row, or undefined. */
  get(...values: readonly Value[]): R | undefined;
  all(...values: readonly Value[]): R[];
}

/** Prepared statements of the reading connection, each made once; their number is that of the shapes of queries. Errors are StigmerErrors. */
export class Statements {
  readonly #db: Database.Database;
  readonly #file: string;
  readonly #prepared = new Map<string, Query<unknown>>();

  constructor(db: Database.Database, file: string) {
    this.#db = db;
    this.#file = file;
  }

  /** Rows of the form `R`, which the caller knows from the text of the query. */
  query<R>(sql: string): Query<R> {
    let query = this.#prepared.get(sql);
    if (!query) {
      query = this.#prepare(sql);
      this.#prepared.set(sql, query);
    }
    return query as Query<R>;
  }

  /** Runs reads that must see one and the same state of the database. */
  together<T>(reads: () => T): T {
    return this.#run(() => (this.#db.inTransaction ? reads() : this.#db.transaction(reads).deferred()));
  }

  #prepare(sql: string): Query<unknown> {
    const statement = this.#run(() => this.#db.prepare<Value[]>(sql));
    return {
      get: (...values) => this.#run(() => statement.get(...values)),
      all: (...values) => this.#run(() => statement.all(...values)),
    };
  }

  #run<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw sqliteError(error, this.#file);
    }
  }
}
