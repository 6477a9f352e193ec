import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { Clock } from '../contract/clock.js';
import { cancelled, Code, StigmerError, unavailable } from '../contract/errors.js';
import { type ExecutionEvent, ExecutionEventSchema } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import type { NoticeSchema } from '../contract/gen/stigmer/stream/v1/notice_pb.js';
import { ExecutionStream, ReportRequestSchema, type ReportResponse } from '../contract/gen/stigmer/stream/v1/stream_pb.js';
import { merge } from '../execution/merge.js';
import { Backoff } from './backoff.js';
import type { Duplex, RpcClient } from './rpc-client.js';
import { wait } from './wait.js';

/** Where a run's events go: a server's Report, or `updateStatus` of a server that has nothing else. */
export interface ExecutionReporter {
  /** Connects. Resolves with the length of the conversation so far: messages of this run come after it. */
  open(): Promise<{ readonly messageCount: number }>;
  /** Takes an event; never waits. What cannot be sent yet is joined. */
  append(event: ExecutionEvent): void;
  /** Tells watchers of a condition; not stored, and dropped while there is no connection. */
  notice(notice: MessageInitShape<typeof NoticeSchema>): void;
  /** Resolves when every event so far is on disk. Throws when the server refuses them. */
  flush(): Promise<void>;
  /** Ends the report; events that are not acknowledged are lost, so `flush` first. Who still waits gets CANCELLED. */
  close(): void;
}

export interface ReporterOptions {
  readonly client: RpcClient;
  readonly clock: Clock;
  readonly executionId: string;
  /** Id of the lease that is held now. */
  readonly runnerId: () => string;
  readonly attempt: number;
  /** The run is not wanted any more: it was cancelled, has ended, or another attempt has it. Called once. */
  readonly onStop: (reason: string) => void;
  /** The connection broke; the report goes on by itself. */
  readonly onBreak?: (error: StigmerError) => void;
}

/** Most events in one message, as the server has it. */
const batchSize = 64;
/** Most bytes in one message, but for a single event that has more: what a message may have at all is more than twice as much. */
const batchBytes = 4 * 1024 * 1024;
const joinFrom = 256;
/** How long the server may take to answer the opening of a report. */
const readyWithinMs = 15_000;

type ReportCall = Duplex<MessageInitShape<typeof ReportRequestSchema>, ReportResponse>;

interface Sequenced {
  readonly sequence: bigint;
  readonly event: ExecutionEvent;
}

/** Errors by which the server says that this run has nothing more to report. */
const final: readonly number[] = [
  Code.FAILED_PRECONDITION,
  Code.NOT_FOUND,
  Code.UNAUTHENTICATED,
  Code.PERMISSION_DENIED,
  Code.INVALID_ARGUMENT,
  Code.RESOURCE_EXHAUSTED,
  Code.UNIMPLEMENTED,
];

/**
 * Reports a run's events in order, each once. Events carry sequence numbers; after a break the server tells the last one that it has on
 * disk, and the rest is sent again. While the window is full or the connection is away, events wait and are joined, so what waits is
 * bounded by what was said.
 */
export class Reporter implements ExecutionReporter {
  readonly #options: ReporterOptions;
  readonly #ended = new AbortController();
  /** The call that is open; absent while there is no connection and before what is unacknowledged was sent again. */
  #call: ReportCall | undefined;
  #waiting: ExecutionEvent[] = [];
  #unacknowledged: Sequenced[] = [];
  /** Number of waiting events at which they are joined. */
  #joinAt = joinFrom;
  #nextSequence = 1n;
  #window = 0;
  #writing = false;
  #failure: StigmerError | undefined;
  #flushes: { readonly resolve: () => void; readonly reject: (error: StigmerError) => void }[] = [];

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  open(): Promise<{ readonly messageCount: number }> {
    return new Promise((resolve, reject) => {
      void this.#run((messageCount) => resolve({ messageCount }))
        // Once it is open, this says nothing new.
        .then(() => reject(closed()))
        .catch((error: unknown) => {
          this.#fail(StigmerError.from(error));
          reject(this.#failure ?? StigmerError.from(error));
        });
    });
  }

  append(event: ExecutionEvent): void {
    if (this.#failure !== undefined || this.#ended.signal.aborted) return;
    this.#waiting.push(event);
    this.#pump();
    if (this.#waiting.length < this.#joinAt) return;
    this.#waiting = merge(this.#waiting);
    this.#joinAt = Math.max(joinFrom, 2 * this.#waiting.length);
  }

  notice(notice: MessageInitShape<typeof NoticeSchema>): void {
    this.#call?.send({ frame: { case: 'notice', value: notice } }).catch(() => undefined);
  }

  flush(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#ended.signal.aborted) return Promise.reject(closed());
    if (this.#waiting.length === 0 && this.#unacknowledged.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#flushes.push({ resolve, reject });
      this.#pump();
    });
  }

  close(): void {
    this.#ended.abort();
    this.#call?.end();
    for (const { reject } of this.#flushes.splice(0)) reject(closed());
  }

  async #run(onOpen: (messageCount: number) => void): Promise<void> {
    const backoff = new Backoff({ initialMs: 100, maxMs: 2_000 });
    while (!this.#ended.signal.aborted) {
      try {
        await this.#connect(onOpen, () => backoff.reset());
        if (this.#ended.signal.aborted) return;
        throw new StigmerError(Code.UNAVAILABLE, `the server at ${this.#options.client.endpoint} ended the report`);
      } catch (error) {
        if (this.#ended.signal.aborted) return;
        const reason = StigmerError.from(error);
        if (final.includes(reason.code)) throw reason;
        this.#options.onBreak?.(reason);
        await wait(this.#options.clock, backoff.next(), this.#ended.signal);
      }
    }
  }

  async #connect(onOpen: (messageCount: number) => void, onProgress: () => void): Promise<void> {
    const { client, clock, executionId, runnerId, attempt } = this.#options;
    const call = client.duplex(ExecutionStream.method.report, { signal: this.#ended.signal });
    let late = false;
    const cancelWaiting = clock.setTimer(readyWithinMs, () => {
      late = true;
      call.cancel();
    });
    // A write that fails ends the call, which the loop below hears.
    call.send({ frame: { case: 'open', value: { executionId, runnerId: runnerId(), attempt } } }).catch(() => undefined);
    try {
      for await (const { frame } of call.responses) {
        switch (frame.case) {
          case 'ready':
            cancelWaiting();
            this.#acknowledge(frame.value.acknowledgedSequence);
            await this.#sendAgain(call);
            this.#call = call;
            this.#window = frame.value.window;
            onOpen(frame.value.messageCount);
            this.#pump();
            break;
          case 'ack':
            onProgress();
            this.#window = frame.value.window;
            this.#acknowledge(frame.value.sequence);
            this.#pump();
            break;
          case 'stop':
            throw new StigmerError(Code.FAILED_PRECONDITION, frame.value.reason);
        }
      }
    } catch (error) {
      if (late) throw unavailable(`the server at ${client.endpoint} has not answered to a report within ${readyWithinMs / 1000} s`, { cause: error });
      throw error;
    } finally {
      cancelWaiting();
      this.#call = undefined;
      this.#window = 0;
      this.#writing = false;
    }
  }

  /** What an earlier connection left unacknowledged, before anything new. */
  async #sendAgain(call: ReportCall): Promise<void> {
    let again: readonly Sequenced[] = this.#unacknowledged;
    while (again.length > 0) {
      const size = batchLength(again.map(({ event }) => event));
      await this.#send(call, again.slice(0, size));
      again = again.slice(size);
    }
  }

  /** Sends what waits, as far as the window allows, one write at a time: what comes meanwhile shares the next message. */
  #pump(): void {
    const call = this.#call;
    const room = this.#window - this.#unacknowledged.length;
    if (call === undefined || this.#writing || this.#waiting.length === 0 || room <= 0) return;
    const joined = merge(this.#waiting);
    const events = joined.slice(0, Math.min(room, batchLength(joined)));
    this.#waiting = joined.slice(events.length);
    const batch = events.map((event): Sequenced => ({ sequence: this.#nextSequence++, event }));
    this.#unacknowledged.push(...batch);
    this.#writing = true;
    this.#send(call, batch)
      // The break is seen by the reader, which sends the batch again.
      .catch(() => undefined)
      .finally(() => {
        if (this.#call !== call) return;
        this.#writing = false;
        this.#pump();
      });
  }

  #send(call: ReportCall, batch: readonly Sequenced[]): Promise<void> {
    const first = batch[0];
    if (first === undefined) return Promise.resolve();
    return call.send(create(ReportRequestSchema, { frame: { case: 'events', value: { firstSequence: first.sequence, events: batch.map(({ event }) => event) } } }));
  }

  #acknowledge(sequence: bigint): void {
    this.#unacknowledged = this.#unacknowledged.filter((entry) => entry.sequence > sequence);
    // A runner that was started anew within one attempt goes on where the log stands.
    if (sequence >= this.#nextSequence) this.#nextSequence = sequence + 1n;
    if (this.#waiting.length > 0 || this.#unacknowledged.length > 0) return;
    for (const { resolve } of this.#flushes.splice(0)) resolve();
  }

  #fail(error: StigmerError): void {
    if (this.#failure !== undefined || this.#ended.signal.aborted) return;
    this.#failure = error;
    this.#waiting = [];
    this.#unacknowledged = [];
    for (const { reject } of this.#flushes.splice(0)) reject(error);
    this.#options.onStop(error.message);
  }
}

function closed(): StigmerError {
  return cancelled('the report was closed');
}

/** How many of the events go into the next message. */
function batchLength(events: readonly ExecutionEvent[]): number {
  let bytes = 0;
  for (const [length, event] of events.slice(0, batchSize).entries()) {
    bytes += toBinary(ExecutionEventSchema, event).length;
    if (bytes > batchBytes) return Math.max(1, length);
  }
  return Math.min(events.length, batchSize);
}
