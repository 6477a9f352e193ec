import { create, equals, fromBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { Subject, type Subscription } from 'rxjs';
import { executionModel, type PublishedExecution } from '../../src/broker/execution-model.js';
import { subscribeView, watchView } from '../../src/broker/execution-views.js';
import type { BrokerSettings } from '../../src/broker/settings.js';
import { StreamBroker } from '../../src/broker/stream-broker.js';
import type { LoadedState, Publication, StreamSource, WatchItem } from '../../src/broker/types.js';
import { Code, StigmerError } from '../../src/contract/errors.js';
import { AgentExecutionSchema, AgentExecutionStatusSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import type { ExecutionEvent } from '../../src/contract/gen/stigmer/stream/v1/event_pb.js';
import { type Notice, NoticeSchema } from '../../src/contract/gen/stigmer/stream/v1/notice_pb.js';
import { WatchResponseSchema } from '../../src/contract/gen/stigmer/stream/v1/stream_pb.js';
import { isTerminal } from '../../src/contract/phases.js';
import { apply } from '../../src/execution/apply.js';
import { encodeEvent } from '../../src/execution/codec.js';
import { executionEvent } from '../../src/execution/event.js';
import { type AgentProjection, cloneProjection, initialProjection } from '../../src/execution/projection.js';
import { type EventSeed, eventSeed, nextEvent } from './execution-arbitraries.js';
import { ManualClock, settle } from './manual-clock.js';

/** Small bounds, so that a short run meets all of them. */
const SETTINGS: BrokerSettings = {
  bookmarkMs: 15_000,
  stallMs: 30_000,
  snapshotIntervalMs: 50,
  tailEvents: 8,
  tailBytes: 500,
  totalTailBytes: 800,
  itemEvents: 3,
  itemBytes: 160,
  notices: 3,
  transitions: 1000,
  watchers: 100,
  watchersPerKey: 100,
};

const KEYS = ['aex-1', 'aex-2'] as const;
const LOG = 'log';

/** One thing that happens. Which watcher or key it happens to is picked from those that there are. */
export type Step =
  | { readonly do: 'append'; readonly key: number; readonly seeds: readonly EventSeed[] }
  | { readonly do: 'phase'; readonly key: number; readonly phase: number }
  | { readonly do: 'deliver'; readonly count: number }
  | { readonly do: 'watch'; readonly key: number; readonly view: 'watch' | 'subscribe'; readonly from: number | undefined }
  | { readonly do: 'return'; readonly watcher: number }
  | { readonly do: 'take'; readonly watcher: number; readonly count: number }
  | { readonly do: 'leave'; readonly watcher: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'notify'; readonly key: number; readonly code: string; readonly cleared: boolean }
  | { readonly do: 'forget'; readonly key: number }
  | { readonly do: 'hold' | 'answer' | 'fail' | 'restart' | 'settle' }
  | { readonly do: 'refresh'; readonly key: number }
  | { readonly do: 'lose' };

const key = fc.nat(KEYS.length - 1);
const watcher = fc.nat(9);

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 30, arbitrary: fc.record({ do: fc.constant('append' as const), key, seeds: fc.array(eventSeed, { minLength: 1, maxLength: 6 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('phase' as const), key, phase: fc.constantFrom(2, 2, 2, 3, 4, 5) }) },
  { weight: 25, arbitrary: fc.record({ do: fc.constant('deliver' as const), count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('watch' as const), key, view: fc.constantFrom('watch' as const, 'subscribe' as const), from: fc.option(fc.nat(40), { nil: undefined, freq: 2 }) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('return' as const), watcher }) },
  { weight: 40, arbitrary: fc.record({ do: fc.constant('take' as const), watcher, count: fc.constantFrom(1, 1, 2, 5, 100) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('leave' as const), watcher }) },
  { weight: 15, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 10, 49, 50, 1000, 14_000, 16_000, 31_000) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('notify' as const), key, code: fc.constantFrom('A', 'B', 'C', 'D'), cleared: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refresh' as const), key }) },
  { weight: 12, arbitrary: fc.constantFrom<Step>({ do: 'hold' }, { do: 'answer' }, { do: 'answer' }, { do: 'settle' }, { do: 'settle' }, { do: 'settle' }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ do: 'fail' }, { do: 'restart' }, { do: 'lose' }) },
);

/** A step, in a few words where a failing run is printed. */
export const step: fc.Arbitrary<Step> = anyStep.map((one) => ({ ...one, [fc.toStringMethod]: () => wordsOf(one) }));

function wordsOf({ do: verb, ...rest }: Step): string {
  const words = Object.entries(rest).map(([name, value]) => (Array.isArray(value) ? `events=${value.length}` : `${name}=${value}`));
  return [verb, ...words].join(' ');
}

type Broker = StreamBroker<PublishedExecution, ExecutionEvent, Notice>;

/** One execution's log, with the state at each revision: what every watcher is measured against. */
class SimulatedLog {
  readonly events: Uint8Array[] = [];
  readonly states: AgentProjection[] = [initialProjection('agent') as AgentProjection];
  keptFrom = 0;
  refreshes = 0;
  /** Some publication was lost: who is not sent events may have missed a transition in it. */
  hasGaps = false;

  get head(): AgentProjection {
    return this.states.at(-1) as AgentProjection;
  }

  get hasEnded(): boolean {
    return isTerminal(this.head.status.phase);
  }

  append(make: (next: AgentProjection) => ExecutionEvent): void {
    const next = cloneProjection(this.head) as AgentProjection;
    this.events.push(encodeEvent(make(next)));
    this.states.push(next);
  }

  /** Phases in the order in which they were entered, from one revision to another. */
  phases(from: number, to: number): number[] {
    return runs(this.states.slice(from, to + 1).map(({ status }) => status.phase));
  }
}

function runs(values: readonly number[]): number[] {
  return values.filter((value, i) => value !== values[i - 1]);
}

/** Where the broker loads from. Answers may be held back or fail. */
class SimulatedStore implements StreamSource<PublishedExecution, Notice> {
  readonly logs = new Map(KEYS.map((key) => [key as string, new SimulatedLog()]));
  isHeld = false;
  failNext = false;
  readonly #held: (() => void)[] = [];

  async load(key: string): Promise<LoadedState<PublishedExecution, Notice> | undefined> {
    const log = this.logs.get(key) as SimulatedLog;
    const revision = log.events.length;
    const state = { projection: cloneProjection(log.head), resource: new Uint8Array(), statusExtras: new Uint8Array() };
    await this.#delay();
    return { revision, state };
  }

  async read(key: string, after: number, limit: number): Promise<readonly Uint8Array[] | undefined> {
    const log = this.logs.get(key) as SimulatedLog;
    const events = after < log.keptFrom ? undefined : log.events.slice(after, after + limit);
    await this.#delay();
    return events;
  }

  answer(): void {
    this.isHeld = false;
    for (const go of this.#held.splice(0)) go();
  }

  async #delay(): Promise<void> {
    if (this.isHeld) await new Promise<void>((resolve) => this.#held.push(resolve));
    if (!this.failNext) return;
    this.failNext = false;
    throw new StigmerError(Code.UNAVAILABLE, 'the disk is away');
  }
}

/** A reader that puts together what it is sent, and checks each item against the log. */
abstract class Reader {
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

  open(broker: Broker, options: { readonly view: typeof subscribeView; readonly from?: number }): void {
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

class WatchReader extends Reader {
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

class SubscribeReader extends Reader {
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

/** A broker, its store and its readers, under a clock that only the run turns. */
class Simulation {
  readonly #clock = new ManualClock();
  readonly #store = new SimulatedStore();
  readonly #view = watchView(LOG);
  readonly #readers: Reader[] = [];
  #broker = this.#start();
  #late: { readonly key: string; readonly publication: Publication }[] = [];

  async run(steps: readonly Step[]): Promise<void> {
    for (const one of steps) await this.#do(one);
    await this.#finish();
  }

  #start(): Broker {
    return new StreamBroker({ model: executionModel, source: this.#store, clock: this.#clock, settings: SETTINGS });
  }

  async #do(one: Step): Promise<void> {
    switch (one.do) {
      case 'append':
        this.#append(one.key, ...one.seeds.map((seed) => (next: AgentProjection) => nextEvent(next, seed)));
        break;
      case 'phase':
        this.#append(one.key, (next) => {
          const event = executionEvent('phaseChanged', { phase: one.phase });
          apply(next, event);
          return event;
        });
        break;
      case 'deliver':
        this.#deliver(one.count);
        break;
      case 'watch':
        this.#watch(keyAt(one.key), one.view, one.from);
        break;
      case 'return': {
        const reader = this.#pick(one.watcher, ({ isOpen, isComplete }) => !isOpen && !isComplete);
        if (reader !== undefined) this.#watch(reader.key, reader instanceof WatchReader ? 'watch' : 'subscribe', reader.revision === -1 ? undefined : reader.revision);
        break;
      }
      case 'take':
        this.#pick(one.watcher, ({ isOpen }) => isOpen)?.take(one.count);
        break;
      case 'leave':
        this.#pick(one.watcher, ({ isOpen }) => isOpen)?.leave();
        break;
      case 'wait':
        await this.#clock.advance(one.ms);
        break;
      case 'notify':
        this.#broker.notify(keyAt(one.key), create(NoticeSchema, { code: one.code, cleared: one.cleared }));
        break;
      case 'forget': {
        const log = this.#log(one.key);
        log.keptFrom = log.events.length;
        break;
      }
      case 'refresh':
        this.#broker.refresh(keyAt(one.key));
        this.#log(one.key).refreshes++;
        for (const reader of this.#readers) if (reader.key === keyAt(one.key)) reader.refreshes++;
        break;
      case 'lose':
        this.#lose();
        break;
      case 'hold':
        this.#store.isHeld = true;
        break;
      case 'answer':
        this.#store.answer();
        break;
      case 'fail':
        this.#store.failNext = true;
        break;
      case 'restart':
        this.#broker.close();
        this.#broker = this.#start();
        this.#late = [];
        break;
      case 'settle':
        await settle();
        break;
    }
    this.#checkBounds();
  }

  /** What is committed is published later, in order, while loads see it at once: as with a tail that lags. */
  #append(at: number, ...events: ((next: AgentProjection) => ExecutionEvent)[]): void {
    const log = this.#log(at);
    if (log.hasEnded) return;
    const firstRevision = log.events.length + 1;
    for (const make of events) log.append(make);
    this.#late.push({ key: keyAt(at), publication: { firstRevision, events: log.events.slice(firstRevision - 1) } });
  }

  #deliver(count: number): void {
    for (const { key, publication } of this.#late.splice(0, count)) this.#broker.publish(key, publication);
  }

  /** A publication that does not arrive. A later one must follow, or nobody could know. */
  #lose(): void {
    const [first, ...rest] = this.#late;
    if (first === undefined || !rest.some(({ key }) => key === first.key)) return;
    this.#late = rest;
    (this.#store.logs.get(first.key) as SimulatedLog).hasGaps = true;
  }

  #watch(key: string, view: 'watch' | 'subscribe', from: number | undefined): void {
    const log = this.#store.logs.get(key) as SimulatedLog;
    const reader = view === 'watch' ? new WatchReader(key, log, this.#clock, from) : new SubscribeReader(key, log, this.#clock);
    this.#readers.push(reader);
    if (view === 'subscribe') reader.open(this.#broker, { view: subscribeView });
    else reader.open(this.#broker, from === undefined ? { view: this.#view } : { view: this.#view, from });
  }

  /** In the end every reader that is still there has what the log has, and nothing is left behind by those that are not. */
  async #finish(): Promise<void> {
    this.#store.failNext = false;
    this.#store.answer();
    this.#deliver(this.#late.length);
    for (const reader of this.#readers) reader.take(1000);
    for (let round = 0; round < 20; round++) {
      await settle();
      await this.#clock.advance(60);
    }
    this.#checkBounds();
    for (const reader of this.#readers.filter(({ isOpen }) => isOpen)) {
      const log = this.#store.logs.get(reader.key) as SimulatedLog;
      must(!log.hasEnded, 'a reader who was not told of the end');
      must(reader.revision === log.events.length, `a reader at ${reader.revision} of ${log.events.length}`);
      reader.leave();
    }
    await this.#clock.advance(2000);
    const { watchers, keys, tailBytes } = this.#broker.metrics;
    must(watchers === 0 && keys === 0 && tailBytes === 0, `left behind: ${watchers} watchers, ${keys} keys, ${tailBytes} bytes`);
    must(this.#clock.pending === 0, `left behind: ${this.#clock.pending} timers`);
  }

  #checkBounds(): void {
    for (const { violation } of this.#readers) if (violation !== undefined) throw violation;
    const { watchers, tailBytes } = this.#broker.metrics;
    const open = this.#readers.filter(({ isOpen }) => isOpen).length;
    must(watchers === open, `${watchers} watchers are counted, ${open} are there`);
    must(tailBytes <= SETTINGS.totalTailBytes, `${tailBytes} bytes are kept`);
    must(this.#clock.pending <= open + 3 * KEYS.length, `${this.#clock.pending} timers for ${open} watchers`);
  }

  #log(at: number): SimulatedLog {
    return this.#store.logs.get(keyAt(at)) as SimulatedLog;
  }

  #pick(at: number, which: (reader: Reader) => boolean): Reader | undefined {
    const candidates = this.#readers.filter(which);
    return candidates[at % candidates.length];
  }
}

function keyAt(at: number): string {
  return KEYS[at] as string;
}

function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

/** Runs the steps, then lets everybody catch up. Throws when a promise of the broker is broken. */
export async function simulate(steps: readonly Step[]): Promise<void> {
  await new Simulation().run(steps);
}
