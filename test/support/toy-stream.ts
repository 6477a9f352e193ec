import { Subject } from 'rxjs';
import type { BrokerSettings } from '../../src/broker/settings.js';
import { StreamBroker } from '../../src/broker/stream-broker.js';
import type { LoadedState, StreamModel, StreamSource, StreamView, WatchItem, WatchOptions } from '../../src/broker/types.js';
import { StigmerError } from '../../src/contract/errors.js';
import { ManualClock } from './manual-clock.js';

/** The smallest thing to stream: a text that grows, phases `<…>` in it, and `.` as its end. */
export interface Toy {
  text: string;
  /** What no event changes. */
  readonly title?: string;
}

export interface ToyNotice {
  readonly code: string;
  readonly cleared: boolean;
}

/** What an item says. */
export interface ToyItem {
  readonly type: WatchItem['type'];
  readonly revision: number;
  readonly text?: string;
  readonly title?: string;
  readonly reason?: string;
  readonly events?: readonly string[];
  readonly conflated?: boolean;
  readonly notice?: ToyNotice;
  readonly deleted?: boolean;
}

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const json = (value: Omit<ToyItem, 'type' | 'revision'>): Uint8Array => encode(JSON.stringify(value));

const isPhase = (event: string): boolean => event.startsWith('<') || event === '.';

export const toyModel: StreamModel<Toy, string> = {
  decode,
  encode,
  apply: (state, event) => {
    if (event === '!') throw new Error('the event does not fit');
    state.text += event;
  },
  merge: (events) => {
    const merged: string[] = [];
    for (const event of events) {
      const last = merged.at(-1);
      if (last === undefined || isPhase(last) || isPhase(event)) merged.push(event);
      else merged[merged.length - 1] = last + event;
    }
    return merged;
  },
  isTransition: (_state, event) => isPhase(event),
  clone: (state) => ({ ...state }),
  renew: ({ text }, loaded) => ({ ...loaded, text }),
  sizeOf: (state) => state.text.length,
  hasEnded: (state) => state.text.endsWith('.'),
};

/** A view that counts what it encodes. */
export class ToyView implements StreamView<Toy, string, ToyNotice> {
  snapshots = 0;
  batches = 0;

  snapshot(state: Toy, { resyncReason }: { readonly resyncReason: string }): Uint8Array {
    this.snapshots++;
    return json({ ...state, ...(resyncReason !== '' && { reason: resyncReason }) });
  }

  deltas({ events, conflated }: { readonly events: readonly { readonly event: string }[]; readonly conflated: boolean }): Uint8Array {
    this.batches++;
    return json({ events: events.map(({ event }) => event), ...(conflated && { conflated }) });
  }

  notice(notice: ToyNotice): Uint8Array {
    return json({ notice });
  }

  bookmark(): Uint8Array {
    return json({});
  }

  end({ state }: { readonly state: Toy | undefined }): Uint8Array {
    return json(state === undefined ? { deleted: true } : {});
  }
}

/** Snapshots only. */
export function snapshotsOnly(): StreamView<Toy, string, ToyNotice> & { snapshots: number } {
  const view = {
    snapshots: 0,
    snapshot(state: Toy): Uint8Array {
      view.snapshots++;
      return json({ ...state });
    },
  };
  return view;
}

/** A log in memory. Loads and reads wait for `answer` when `isHeld`. */
export class ToyLog implements StreamSource<Toy, ToyNotice> {
  readonly events: string[] = [];
  notices: ToyNotice[] = [];
  title: string | undefined;
  keptFrom = 0;
  isHeld = false;
  isGone = false;
  failure: Error | undefined;
  loads = 0;
  reads = 0;
  readonly #held: (() => void)[] = [];

  append(...events: string[]): { firstRevision: number; events: Uint8Array[] } {
    const firstRevision = this.events.length + 1;
    this.events.push(...events);
    return { firstRevision, events: events.map(encode) };
  }

  async load(): Promise<LoadedState<Toy, ToyNotice> | undefined> {
    this.loads++;
    const loaded = { revision: this.events.length, state: { text: this.events.join(''), ...(this.title !== undefined && { title: this.title }) }, notices: this.notices };
    await this.#hold();
    if (this.failure !== undefined) throw this.failure;
    return this.isGone ? undefined : loaded;
  }

  async read(_key: string, after: number, limit: number): Promise<readonly Uint8Array[] | undefined> {
    this.reads++;
    await this.#hold();
    if (this.failure !== undefined) throw this.failure;
    return after < this.keptFrom ? undefined : this.events.slice(after, after + limit).map(encode);
  }

  /** Lets everything that is held go on. */
  answer(): void {
    this.isHeld = false;
    for (const release of this.#held.splice(0)) release();
  }

  #hold(): Promise<void> | undefined {
    return this.isHeld ? new Promise((resolve) => this.#held.push(resolve)) : undefined;
  }
}

/** A watcher whose transport a test operates. */
export class Probe {
  readonly items: ToyItem[] = [];
  readonly frames: Uint8Array[] = [];
  error: Error | undefined;
  isComplete = false;
  readonly #demand = new Subject<void>();
  readonly #stop: () => void;

  constructor(broker: StreamBroker<Toy, string, ToyNotice>, options: Omit<WatchOptions<Toy, string, ToyNotice>, 'demand'>, key = 'key') {
    const subscription = broker.watch(key, { ...options, demand: this.#demand }).subscribe({
      next: (item) => {
        this.frames.push(item.bytes);
        this.items.push({ type: item.type, revision: item.revision, ...(JSON.parse(decode(item.bytes)) as object) });
      },
      error: (error: Error) => {
        this.error = error;
      },
      complete: () => {
        this.isComplete = true;
      },
    });
    this.#stop = () => subscription.unsubscribe();
  }

  /** Takes up to `count` items. */
  take(count = 1): void {
    for (let i = 0; i < count; i++) this.#demand.next();
  }

  stop(): void {
    this.#stop();
  }

  /** Whether the broker still listens to what the transport can take. */
  get isHeard(): boolean {
    return this.#demand.observed;
  }

  /** What a reader has that puts together what it was sent. */
  get text(): string {
    let text = '';
    for (const item of this.items) {
      if (item.text !== undefined) text = item.text;
      for (const event of item.events ?? []) text += event;
    }
    return text;
  }
}

/** A broker over a log in memory, under a clock that the test turns. */
export function setUpToy(settings: Partial<BrokerSettings> = {}, model = toyModel) {
  const clock = new ManualClock();
  const log = new ToyLog();
  const broker = new StreamBroker<Toy, string, ToyNotice>({ model, source: log, clock, settings });
  const publish = (...events: string[]): void => broker.publish('key', log.append(...events));
  return { clock, log, broker, view: new ToyView(), publish };
}

/** gRPC code of the error that a watch ended with. */
export const codeOf = (probe: Probe): number | undefined => (probe.error instanceof StigmerError ? probe.error.code : undefined);
