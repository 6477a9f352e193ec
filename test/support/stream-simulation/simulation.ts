import { create } from '@bufbuild/protobuf';
import { executionModel } from '../../../src/broker/execution-model.js';
import { subscribeView, watchView } from '../../../src/broker/execution-views.js';
import { StreamBroker } from '../../../src/broker/stream-broker.js';
import type { Publication } from '../../../src/broker/types.js';
import type { ExecutionEvent } from '../../../src/contract/gen/stigmer/stream/v1/event_pb.js';
import { NoticeSchema } from '../../../src/contract/gen/stigmer/stream/v1/notice_pb.js';
import { apply } from '../../../src/execution/apply.js';
import { executionEvent } from '../../../src/execution/event.js';
import type { AgentProjection } from '../../../src/execution/projection.js';
import { nextEvent } from '../execution-arbitraries.js';
import { ManualClock, settle } from '../manual-clock.js';
import { type Broker, type Reader, SubscribeReader, WatchReader } from './readers.js';
import { LOG, must, SETTINGS } from './settings.js';
import { type SimulatedLog, SimulatedStore } from './simulated-store.js';
import { KEYS, type Step } from './steps.js';

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

/** Runs the steps, then lets everybody catch up. Throws when a promise of the broker is broken. */
export async function simulate(steps: readonly Step[]): Promise<void> {
  await new Simulation().run(steps);
}
