import type { Logger } from 'pino';
import type { Clock } from '../../contract/clock.js';
import { aborted, Code, notFound, resourceExhausted, StigmerError } from '../../contract/errors.js';
import { isTerminal } from '../../contract/phases.js';
import { encodeEvent, encodeState } from '../../execution/codec.js';
import { type Projection, sizeOfState } from '../../execution/projection.js';
import { reduce } from '../../execution/reduce.js';
import { StatusEncoding } from '../../execution/status-encoding.js';
import type { Update } from '../../execution/update.js';
import type { ExecutionHead, ExecutionRow, ReportSource, Store, WriteOp } from '../../store/ports.js';
import { executionKind } from './execution-kind.js';
import { type ExecutionEnvelope, envelopeOf } from './execution-message.js';
import { loadExecution } from './load-execution.js';
import { placeReport, type ReportPlace } from './report-place.js';

/** What an actor works with. */
export interface ActorContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  /** Changes that go into the commit of an execution's end. */
  readonly opsAtEnd: (executionId: string) => readonly WriteOp[];
}

/** State as an update leaves it; valid only until the function that gets it returns. */
export interface ReducedState {
  readonly row: ExecutionRow;
  readonly envelope: ExecutionEnvelope;
  readonly projection: Projection;
  readonly encoding: StatusEncoding;
  readonly revision: number;
  readonly source: ReportSource | undefined;
}

export interface Submission<T> {
  readonly update: Update;
  /** The report that the update's events come from; repeats are known by it. */
  readonly report?: ReportPlace;
  /** Refuses the update by throwing, before it is reduced. */
  readonly check?: (state: ReducedState) => void;
  /** Changes for the same commit, asked for once the update is accepted. */
  readonly ops?: (state: ReducedState) => readonly WriteOp[];
  /** Makes the answer, from the state right after the update. It is given out when that state is on disk. */
  readonly answer: (state: ReducedState) => T;
}

interface Entry {
  readonly submission: Submission<unknown>;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (reason: StigmerError) => void;
}

interface LoadedState {
  readonly row: ExecutionRow;
  readonly envelope: ExecutionEnvelope;
  readonly projection: Projection;
  readonly encoding: StatusEncoding;
  /** Of the last event that was reduced, committed or not. */
  revision: number;
  source: ReportSource | undefined;
  /** Bytes of events since the last snapshot. */
  unsnapshotted: number;
}

/** Updates that were reduced and share a commit. */
interface Batch {
  readonly expectedRevision: number;
  readonly events: Uint8Array[];
  readonly ops: WriteOp[];
  readonly entries: { readonly entry: Entry; readonly settle: () => void }[];
  /** The newest report in it. */
  source: ReportSource | undefined;
}

/** A snapshot for each so many bytes of events: on doubling it would cost a multiple of the state. */
const SNAPSHOT_BYTES = 4 * 1024 * 1024;
/** Updates that may wait before further ones are refused. */
const INBOX_LIMIT = 4_096;
/** Updates in a row whose commit met another writer's, before they are refused. */
const CONFLICT_LIMIT = 5;

/**
 * The one place through which an execution changes: takes updates in, reduces them one after another, and appends what comes of them
 * to the log. While a commit is under way further updates are reduced and gather in the next batch. Nobody is answered, with a success
 * or a refusal, before what the answer rests on is on disk. A commit that fails fails what was reduced after it, and the state is
 * loaded anew.
 */
export class ExecutionActor {
  readonly id: string;
  readonly #context: ActorContext;
  #inbox: Entry[] = [];
  #state: LoadedState | undefined;
  #gathering: Batch | undefined;
  #committing: Batch | undefined;
  #loading = false;
  #stale = false;
  #conflicts = 0;

  constructor(id: string, context: ActorContext) {
    this.id = id;
    this.#context = context;
  }

  /** Nothing is under way, so the actor may be dropped. */
  get idle(): boolean {
    return this.#inbox.length === 0 && this.#gathering === undefined && this.#committing === undefined && !this.#loading;
  }

  /** Bytes of the state that it holds. */
  get bytes(): number {
    return this.#state === undefined ? 0 : sizeOfState(this.#state.projection) + this.#state.encoding.bytes;
  }

  /** What a full status is decoded with at least cost; undefined when no state is in memory. */
  get encoding(): StatusEncoding | undefined {
    return this.#state?.encoding;
  }

  /**
   * Takes an update. Resolves with the answer when it is on disk. Throws StigmerError: what the reducer refuses, NOT_FOUND, ABORTED when
   * other writers were faster five times, RESOURCE_EXHAUSTED when too many updates wait, and what the store throws.
   */
  submit<T>(submission: Submission<T>): Promise<T> {
    if (this.#inbox.length >= INBOX_LIMIT) {
      return Promise.reject(resourceExhausted(`the inbox of execution ${this.id}`, INBOX_LIMIT, this.#inbox.length + 1, 'updates'));
    }
    return new Promise<T>((resolve, reject) => {
      this.#inbox.push({ submission, resolve: resolve as (answer: unknown) => void, reject });
      this.#work();
    });
  }

  /** The stored message was changed beside the log: it is read anew before the next update. */
  refresh(): void {
    this.#stale = true;
  }

  #work(): void {
    if (this.#loading || (this.#inbox.length === 0 && this.#gathering === undefined)) return;
    if (this.#stale && this.#gathering === undefined && this.#committing === undefined) this.#state = undefined;
    if (this.#state === undefined) {
      // What was reduced on a state that is gone by now is dealt with before anything is loaded.
      if (this.#committing === undefined) void this.#load();
      return;
    }
    for (const entry of this.#inbox.splice(0)) this.#reduce(entry, this.#state);
    if (this.#committing === undefined && this.#gathering !== undefined) void this.#commit(this.#gathering, this.#state);
  }

  async #load(): Promise<void> {
    this.#loading = true;
    this.#stale = false;
    try {
      const loaded = await loadExecution(this.#context.store.executions, this.id);
      if (loaded === undefined) throw notFound('Execution', this.id);
      const { stored, revision, projection } = loaded;
      this.#state = {
        row: stored.row,
        envelope: envelopeOf(stored.row),
        projection,
        encoding: new StatusEncoding(executionKind(stored.row.kind).statusSchema),
        revision,
        source: stored.head.source,
        unsnapshotted: 0,
      };
    } catch (error) {
      for (const entry of this.#inbox.splice(0)) entry.reject(StigmerError.from(error));
    } finally {
      this.#loading = false;
    }
    this.#work();
  }

  #reduce(entry: Entry, state: LoadedState): void {
    const { submission } = entry;
    const settle = this.#attempt(submission, state, entry);
    if (this.#gathering === undefined && this.#committing === undefined) settle();
    else (this.#gathering ?? this.#openBatch(state)).entries.push({ entry, settle });
  }

  /** Reduces one update. Gives what is to be done for its sender once everything so far is on disk. */
  #attempt(submission: Submission<unknown>, state: LoadedState, entry: Entry): () => void {
    try {
      submission.check?.(state);
      const placed = placeReport(submission.update, submission.report, state.source);
      const reduction = placed === undefined ? { events: [] } : reduce(state.projection, placed.update, this.#context.clock.now());
      if (reduction.rejection !== undefined) {
        const { rejection } = reduction;
        return () => entry.reject(rejection);
      }
      this.#gather(submission, reduction.events.map(encodeEvent), placed?.source, state);
      const answer = submission.answer(state);
      return () => entry.resolve(answer);
    } catch (error) {
      const failure = StigmerError.from(error);
      if (failure.code === Code.INTERNAL) this.#context.log.error({ err: error, execution: this.id }, 'an update could not be reduced');
      return () => entry.reject(failure);
    }
  }

  #gather(submission: Submission<unknown>, events: Uint8Array[], source: ReportSource | undefined, state: LoadedState): void {
    const ended = isTerminal(state.projection.status.phase);
    const atEnd = ended && events.length > 0 ? this.#context.opsAtEnd(this.id) : [];
    const ops = [...(submission.ops?.(state) ?? []), ...atEnd];
    if (events.length === 0 && ops.length === 0) return;
    const batch = this.#gathering ?? this.#openBatch(state);
    batch.events.push(...events);
    batch.ops.push(...ops);
    state.revision += events.length;
    for (const event of events) state.unsnapshotted += event.length;
    if (source !== undefined && events.length > 0) {
      batch.source = source;
      state.source = source;
    }
  }

  #openBatch(state: LoadedState): Batch {
    this.#gathering = { expectedRevision: state.revision, events: [], ops: [], entries: [], source: undefined };
    return this.#gathering;
  }

  async #commit(batch: Batch, state: LoadedState): Promise<void> {
    this.#gathering = undefined;
    this.#committing = batch;
    try {
      const ops = [...this.#appendOf(batch, state), ...batch.ops];
      if (ops.length > 0) await this.#context.store.write(ops);
      this.#committing = undefined;
      this.#conflicts = 0;
      for (const { settle } of batch.entries) settle();
    } catch (error) {
      this.#committing = undefined;
      this.#fail(batch, StigmerError.from(error));
    }
    this.#work();
  }

  #appendOf(batch: Batch, state: LoadedState): WriteOp[] {
    if (batch.events.length === 0) return [];
    const { status } = state.projection;
    const head: ExecutionHead = {
      revision: state.revision,
      phase: status.phase,
      startedAt: status.startedAt,
      completedAt: status.completedAt,
      error: status.error,
      ...(state.source === undefined ? {} : { source: state.source }),
    };
    const keepState = isTerminal(status.phase) || state.unsnapshotted >= SNAPSHOT_BYTES;
    if (keepState) state.unsnapshotted = 0;
    return [
      {
        op: 'append',
        executionId: this.id,
        expectedRevision: batch.expectedRevision,
        events: batch.events,
        head,
        ...(batch.source === undefined ? {} : { source: batch.source }),
        ...(keepState ? { snapshot: encodeState(state.projection) } : {}),
      },
    ];
  }

  /** The state holds what is not on disk: it is dropped, and with it what was reduced since. */
  #fail(batch: Batch, error: StigmerError): void {
    const failed = [...batch.entries, ...(this.#gathering?.entries ?? [])].map(({ entry }) => entry);
    this.#gathering = undefined;
    this.#state = undefined;
    if (error.code === Code.ABORTED && this.#conflicts < CONFLICT_LIMIT) {
      this.#conflicts += 1;
      this.#inbox.unshift(...failed);
      return;
    }
    this.#conflicts = 0;
    const reason = error.code === Code.ABORTED ? aborted(`Execution ${this.id} is being changed by other writers. Try again.`, { cause: error }) : error;
    for (const { reject } of failed) reject(reason);
  }
}
