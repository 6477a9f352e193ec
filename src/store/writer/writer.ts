import { serialize } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../contract/clock.js';
import { internal, resourceExhausted, type StigmerError, unavailable } from '../../contract/errors.js';
import { sqliteError } from '../sqlite/sqlite-error.js';
import { addsToLog, type BatchResult, type FromWriter, type WriterData, type WriterOp } from './protocol.js';
import { refusalError } from './refusal-error.js';
import { weightOf } from './weight.js';
import { workerEntry } from './worker-entry.js';

/** A write that has been committed, with the place of its first append in the log. */
export interface CommittedWrite {
  readonly ops: readonly WriterOp[];
  readonly firstPosition: number;
}

export interface WriterOptions extends WriterData {
  readonly clock: Clock;
  readonly maxPendingBytes: number;
  readonly maxBatchBytes: number;
  /** Told of every commit, in order, before the promises of its writes resolve. */
  readonly onCommit: (writes: readonly CommittedWrite[]) => void;
}

interface PendingWrite {
  readonly ops: readonly WriterOp[];
  readonly bytes: number;
  resolve(taken: number): void;
  reject(error: StigmerError): void;
}

/**
 * Group commit: hands writes to the writer thread in batches. One batch is under way at a time; what arrives meanwhile is the next.
 */
export class Writer {
  readonly #options: WriterOptions;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  #waiting: PendingWrite[] = [];
  #underWay: readonly PendingWrite[] = [];
  #pendingBytes = 0;
  #sendPlanned = false;
  #drained: Promise<void> | undefined;
  #idle: (() => void) | undefined;
  #failure: StigmerError | undefined;

  private constructor(options: WriterOptions, worker: Worker) {
    this.#options = options;
    this.#worker = worker;
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()));
    worker.on('message', (message: FromWriter) => message !== 'ready' && this.#settle(message));
    worker.on('error', (error) => this.#fail(internal(`the writer thread of ${this.#file} has crashed: ${error.message}`, { cause: error })));
    worker.on('exit', () => this.#fail(unavailable(`the store ${this.#file} is closed`)));
  }

  /** Resolves when the thread has opened the database. Throws what opening it gave. */
  static async start(options: WriterOptions): Promise<Writer> {
    const data: WriterData = { connection: options.connection, busyRetries: options.busyRetries };
    const worker = new Worker(workerEntry, { workerData: data, name: 'stigmer store writer' });
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve());
      worker.once('error', (error) => reject(sqliteError(error, options.connection.file)));
    });
    return new Writer(options, worker);
  }

  /** Resolves after the commit, with the number of rows that upkeep took. */
  submit(ops: readonly WriterOp[]): Promise<number> {
    const { maxPendingBytes } = this.#options;
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#drained) return Promise.reject(unavailable(`the store ${this.#file} is being closed`));
    const bytes = weightOf(ops);
    // A write larger than the limit is let through when it is alone: what limits a write stands elsewhere.
    if (this.#pendingBytes > 0 && this.#pendingBytes + bytes > maxPendingBytes) {
      return Promise.reject(resourceExhausted('what waits to be written', maxPendingBytes, this.#pendingBytes + bytes));
    }
    this.#pendingBytes += bytes;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ops, bytes, resolve, reject });
      this.#planSend();
    });
  }

  /** Takes no more writes, and resolves when those before are settled. */
  drain(): Promise<void> {
    this.#drained ??= this.#pendingBytes === 0 ? Promise.resolve() : new Promise((resolve) => (this.#idle = resolve));
    return this.#drained;
  }

  /** Drains, and resolves when the thread has closed the database. */
  async close(): Promise<void> {
    await this.drain();
    this.#worker.postMessage('close', []);
    await this.#exited;
  }

  get #file(): string {
    return this.#options.connection.file;
  }

  /** What is submitted in the same turn of the event loop shares a commit. */
  #planSend(): void {
    if (this.#sendPlanned || this.#underWay.length > 0) return;
    this.#sendPlanned = true;
    setImmediate(() => {
      this.#sendPlanned = false;
      this.#send();
    });
  }

  #send(): void {
    if (this.#waiting.length === 0 || this.#underWay.length > 0) return;
    this.#underWay = this.#takeBatch();
    try {
      const message = serialize({ now: this.#options.clock.now(), writes: this.#underWay.map((write) => write.ops) });
      this.#worker.postMessage(message, [message.buffer]);
    } catch (error) {
      this.#settle({ failure: { type: 'fault', message: `it cannot be encoded: ${String(error)}` } });
    }
  }

  #takeBatch(): readonly PendingWrite[] {
    let bytes = 0;
    const count = this.#waiting.findIndex((write, index) => (bytes += write.bytes) > this.#options.maxBatchBytes && index > 0);
    return count === -1 ? this.#waiting.splice(0) : this.#waiting.splice(0, count);
  }

  #settle(result: BatchResult): void {
    const writes = this.#underWay;
    this.#underWay = [];
    this.#forget(writes);
    if ('failure' in result) {
      const error = refusalError(result.failure, this.#file);
      for (const write of writes) write.reject(error);
    } else {
      this.#options.onCommit(committed(writes, result.firstPosition, (index) => result.refusals.has(index)));
      writes.forEach((write, index) => {
        const refusal = result.refusals.get(index);
        if (refusal) write.reject(refusalError(refusal, this.#file));
        else write.resolve(result.taken.get(index) ?? 0);
      });
    }
    this.#send();
  }

  #fail(error: StigmerError): void {
    this.#failure ??= error;
    const writes = [...this.#underWay, ...this.#waiting];
    this.#underWay = [];
    this.#waiting = [];
    this.#forget(writes);
    for (const write of writes) write.reject(this.#failure);
  }

  #forget(writes: readonly PendingWrite[]): void {
    for (const write of writes) this.#pendingBytes -= write.bytes;
    if (this.#pendingBytes === 0) this.#idle?.();
  }
}

/** Writes that were not refused, each with the position of its first append. */
function committed(writes: readonly PendingWrite[], firstPosition: number, isRefused: (index: number) => boolean): CommittedWrite[] {
  const result: CommittedWrite[] = [];
  let position = firstPosition;
  writes.forEach(({ ops }, index) => {
    if (isRefused(index)) return;
    result.push({ ops, firstPosition: position });
    for (const op of ops) if (addsToLog(op)) position++;
  });
  return result;
}
