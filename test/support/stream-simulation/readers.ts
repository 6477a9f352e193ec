import { equals, fromBinary } from '@bufbuild/protobuf';
import { Subject, type Subscription } from 'rxjs';
import type { PublishedExecution } from '../../../src/broker/execution-model.js';
import type { ExecutionView } from '../../../src/broker/execution-views.js';
import type { StreamBroker } from '../../../src/broker/stream-broker.js';
import type { WatchItem } from '../../../src/broker/types.js';
import { Code, type StigmerError } from '../../../src/contract/errors.js';
import { AgentExecutionSchema, AgentExecutionStatusSchema } from '../../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import type { ExecutionEvent } from '../../../src/contract/gen/stigmer/stream/v1/event_pb.js';
import type { Notice } from '../../../src/contract/gen/stigmer/stream/v1/notice_pb.js';
import { WatchResponseSchema } from '../../../src/contract/gen/stigmer/stream/v1/stream_pb.js';
import { apply } from '../../../src/execution/apply.js';
import { type AgentProjection, cloneProjection } from '../../../src/execution/projection.js';
import type { ManualClock } from '../manual-clock.js';
import { LOG, must, SETTINGS } from './settings.js';
import { runs, type SimulatedLog } from './simulated-store.js';

export type Broker = StreamBroker<PublishedExecution, ExecutionEvent, Notice>;

/** A reader that puts together what it is sent, and checks each item against the log. */
export abstract class Reader {
  readonly key: string;
  revision = -1;
  error: StigmerError | undefined;
  isComplete = false;
  hasLeft = false;
  /** The first promise that was broken. */
  violation: Error | undefined;
  protected readonly log: SimulatedLog;
  protected readonly clock: ManualClock;
  /** Refreshes: for each, one snapshot may come before the interval is over. */
  refreshes: number;
  /** Phases seen, from this revision on. */
  protected since = 0;
  protected phases: number[] = [];
  readonly #demand = new Subject<void>();
  #subscription: Subscription | undefined;
  #wanted = 0;

  constructor(key: string, log: SimulatedLog, clock: ManualClock) {
    this.key = key;
    this.log = log;
    this.clock = clock;
    this.refreshes = log.refreshes;
  }

  get isOpen(): boolean {
    return this.error === undefined && !this.isComplete && !this.hasLeft;
  }

  open(broker: Broker, options: { readonly view: ExecutionView; readonly from?: number }): void {
    this.#subscription = broker.watch(this.key, { ...options, demand: this.#demand }).subscribe({
      next: (item) => this.#watched(() => this.#check(item)),
      error: (error: StigmerError) => {
        this.error = error;
        this.#watched(() => this.failed(error));
      },
      complete: () => {
        this.isComplete = true;
        this.#watched(() => this.completed());
      },
    });
  }

  take(count: number): void {
    for (let i = 0; i < count && this.isOpen; i++) {
      this.#wanted++;
      this.#demand.next();
    }
  }

  leave(): void {
    this.hasLeft = true;
    this.#subscription?.unsubscribe();
  }

  #check(item: WatchItem): void {
    must(this.isOpen, 'an item after the end');
    must(this.#wanted-- > 0, 'an item that nobody asked for');
    this.receive(item);
    must(item.revision === Math.max(0, this.revision), `the item says ${item.revision}, the reader stands at ${this.revision}`);
    const phases = this.log.phases(this.since, this.revision).join();
    must(this.mayMissPhases || runs(this.phases).join() === phases, `phases ${runs(this.phases).join()} instead of ${phases}`);
  }

  /** Errors must not be thrown into the broker's Observable, which would hide them. */
  #watched(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.violation ??= error as Error;
    }
  }

  protected get mayMissPhases(): boolean {
    return false;
  }

  protected abstract receive(item: WatchItem): void;

  protected failed(error: StigmerError): void {
    must(error.code === Code.UNAVAILABLE, `the watch failed: ${error.message}`);
  }

  protected completed(): void {
    must(this.log.hasEnded && this.revision === this.log.events.length, 'the watch is complete before the end');
  }

  protected expectState(status: AgentProjection['status'] | undefined, revision: number): void {
    const wanted = this.log.states[revision];
    must(wanted !== undefined && status !== undefined && equals(AgentExecutionStatusSchema, status, wanted.status), `another state at revision ${revision}`);
  }
}

/** A reader of a Watch: has a state of its own, to which it applies what it is sent. */
export class WatchReader extends Reader {
  readonly #from: number | undefined;
  #state: AgentProjection | undefined;
  #ends = 0;
  #items = 0;

  constructor(key: string, log: SimulatedLog, clock: ManualClock, from: number | undefined) {
    super(key, log, clock);
    this.#from = from;
    if (from !== undefined && from <= log.events.length) this.#startAt(from);
  }

  #startAt(revision: number): void {
    this.revision = revision;
    this.since = revision;
    this.#state = cloneProjection(this.log.states[revision] as AgentProjection) as AgentProjection;
    this.phases = [this.#state.status.phase];
  }

  protected receive(item: WatchItem): void {
    must(this.#ends === 0, 'an item after the end item');
    const decoded = fromBinary(WatchResponseSchema, item.bytes).item;
    const isFirst = this.#items++ === 0;
    // A revision that was ahead of the log may have come about by the time the watch began.
    if (isFirst && this.#from !== undefined && this.#from <= this.log.events.length && this.#state === undefined) this.#startAt(this.#from);
    switch (decoded.case) {
      case 'snapshot': {
        const { at, execution, resync, resyncReason } = decoded.value;
        const revision = Number(at?.revision);
        must(at?.logId === LOG && execution.case === 'agent', 'no snapshot of an agent execution');
        must(resync === (resyncReason !== ''), 'a mark without reason');
        must(resync || (isFirst && this.#from === undefined), 'a snapshot that nobody asked for, not marked');
        const startsOver = resyncReason.includes('not kept') || resyncReason.includes('ahead') || this.revision === -1;
        must(startsOver || revision > this.revision || (resyncReason.includes('changed') && revision === this.revision), `back from ${this.revision} to ${revision}`);
        const { status } = execution.value as { status: AgentProjection['status'] };
        this.expectState(status, revision);
        this.#state = cloneProjection(this.log.states[revision] as AgentProjection) as AgentProjection;
        this.revision = revision;
        if (startsOver) {
          this.since = revision;
          this.phases = [];
        }
        this.phases.push(status.phase);
        return;
      }
      case 'deltas': {
        const { firstRevision, lastRevision, events, conflated } = decoded.value;
        must(this.#state !== undefined, 'deltas before a starting point');
        must(Number(firstRevision) === this.revision + 1, `revision ${firstRevision} after ${this.revision}`);
        const count = Number(lastRevision - firstRevision) + 1;
        must(conflated ? events.length < count : events.length === count, `${events.length} events for ${count} revisions`);
        must(conflated || events.length <= SETTINGS.itemEvents, 'too many events in an item');
        must(events.length === 1 || item.bytes.length < SETTINGS.itemBytes + 100, `an item of ${item.bytes.length} bytes`);
        for (const event of events) {
          apply(this.#state as AgentProjection, event);
          this.phases.push((this.#state as AgentProjection).status.phase);
        }
        this.revision = Number(lastRevision);
        this.expectState(this.#state?.status, this.revision);
        return;
      }
      case 'bookmark':
        must(Number(decoded.value.at?.revision) === this.revision, 'a bookmark elsewhere');
        return;
      case 'notice':
        must(!isFirst || this.#from !== undefined, 'a notice before the snapshot');
        return;
      case 'end':
        this.#ends++;
        must(Number(decoded.value.at?.revision) === this.revision && decoded.value.phase === this.log.head.status.phase, 'an end elsewhere');
        return;
      default:
        must(false, 'an item of no kind');
    }
  }

  protected override failed(error: StigmerError): void {
    const has = this.#items === 0 ? (this.#from ?? 0) : this.revision;
    if (error.code !== Code.RESOURCE_EXHAUSTED) super.failed(error);
    else must(error.message.endsWith(`resume from revision ${has}`), `${error.message}, but the reader has ${has}`);
  }

  protected override completed(): void {
    super.completed();
    must(this.#ends === 1, 'a completed watch without an end item');
  }
}

/** A reader of the original's stream of snapshots. */
export class SubscribeReader extends Reader {
  protected override get mayMissPhases(): boolean {
    return this.log.hasGaps;
  }

  #shownAt = Number.NEGATIVE_INFINITY;

  protected receive(item: WatchItem): void {
    const before = this.revision;
    must(item.revision >= before, `back from ${before} to ${item.revision}`);
    const { status } = fromBinary(AgentExecutionSchema, item.bytes);
    this.expectState(status as AgentProjection['status'], item.revision);
    this.revision = item.revision;
    if (before === -1) this.since = item.revision;
    const phase = (status as AgentProjection['status']).phase as number;
    const isText = before !== -1 && item.revision > before && phase === this.phases.at(-1);
    const isEarly = isText && this.clock.now() - this.#shownAt < SETTINGS.snapshotIntervalMs;
    must(!isEarly || this.refreshes-- > 0, 'text sooner than the interval');
    this.#shownAt = this.clock.now();
    this.phases.push(phase);
  }
}
