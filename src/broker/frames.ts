import type { Clock } from '../contract/clock.js';
import { FrameCache } from './frame-cache.js';
import type { LiveState, Transition } from './live-state.js';
import type { BrokerSettings } from './settings.js';
import type { EncodedEvent, StreamModel, StreamNotice, StreamView } from './types.js';

/** Milliseconds after which encoded snapshots are let go, and how many are kept until then: one for each reason. */
const SNAPSHOT_KEPT_MS = 1000;
const SNAPSHOTS_KEPT = 4;

/** An encoded item, and where a watcher stands that has it. */
export interface Frame {
  readonly revision: number;
  readonly bytes: Uint8Array;
  readonly conflated: boolean;
}

interface SnapshotFrame extends Frame {
  readonly madeAt: number;
  readonly reason: string;
}

/** The encoded items of one key in one view. What several watchers are sent is encoded once. */
export class Frames<S, E, N extends StreamNotice> {
  readonly view: StreamView<S, E, N>;
  readonly #model: StreamModel<S, E>;
  readonly #settings: BrokerSettings;
  readonly #clock: Clock;
  readonly #deltas = new FrameCache<Frame | undefined>();
  readonly #transitions = new WeakMap<Transition<S>, Frame>();
  #snapshots: SnapshotFrame[] = [];
  #forget: (() => void) | undefined;

  constructor(view: StreamView<S, E, N>, model: StreamModel<S, E>, settings: BrokerSettings, clock: Clock) {
    this.view = view;
    this.#model = model;
    this.#settings = settings;
    this.#clock = clock;
  }

  /**
   * What follows on `place`: the events as they are, or merged when they are many. Undefined when a snapshot is less. `place` must not lie
   * before the tail.
   */
  deltas(live: LiveState<S, E>, place: number): Frame | undefined {
    return this.#deltas.get(live.revision, place, () => this.#makeDeltas(live, place));
  }

  /**
   * The newest snapshot, for a watcher who has less than it. One that is younger than the snapshot interval counts as newest as long as
   * the tail goes on from it.
   */
  snapshot(live: LiveState<S, E>, has: number, reason: string): Frame {
    const now = this.#clock.now();
    const isFresh = (frame: SnapshotFrame): boolean =>
      frame.revision === live.revision ||
      (frame.revision > has && frame.revision >= live.tail.start && now - frame.madeAt < this.#settings.snapshotIntervalMs);
    const known = this.#snapshots.find((frame) => frame.reason === reason && isFresh(frame));
    if (known !== undefined) return known;
    const { revision } = live;
    const bytes = this.view.snapshot(live.state, { revision, resyncReason: reason });
    const frame = { revision, bytes, reason, madeAt: now, conflated: reason !== '' };
    this.#snapshots = [frame, ...this.#snapshots.filter((other) => other.reason !== reason)].slice(0, SNAPSHOTS_KEPT);
    this.#forget ??= this.#clock.setTimer(SNAPSHOT_KEPT_MS, () => this.#forgetSnapshots());
    return frame;
  }

  /** The snapshot at a transition, for watchers who would miss it otherwise. The reason is the same for all of a view. */
  transition(transition: Transition<S>, reason: string): Frame {
    let frame = this.#transitions.get(transition);
    if (frame === undefined) {
      const { revision, state } = transition;
      frame = { revision, bytes: this.view.snapshot(state, { revision, resyncReason: reason }), conflated: reason !== '' };
      this.#transitions.set(transition, frame);
    }
    return frame;
  }

  /** Drops what is encoded; the state is another one. */
  clear(): void {
    this.#forget?.();
    this.#forgetSnapshots();
    this.#deltas.clear();
  }

  #forgetSnapshots(): void {
    this.#snapshots = [];
    this.#forget = undefined;
  }

  #makeDeltas(live: LiveState<S, E>, place: number): Frame | undefined {
    const events = live.tail.since(place);
    const fitting = this.#countFitting(events);
    if (fitting === events.length) return this.#encode(events, place, place + fitting);
    const merged = this.#merge(events);
    const bytes = sumBytes(merged);
    if (merged.length < events.length && bytes <= this.#settings.itemBytes) return this.#encode(merged, place, live.revision);
    if (this.#model.sizeOf(live.state) < bytes) return undefined;
    return this.#encode(events.slice(0, fitting), place, place + fitting);
  }

  /** How many of the first events make one item; at least one does. */
  #countFitting(events: readonly EncodedEvent<E>[]): number {
    const most = Math.min(events.length, this.#settings.itemEvents);
    let bytes = 0;
    for (let i = 0; i < most; i++) {
      bytes += (events[i] as EncodedEvent<E>).bytes.length;
      if (bytes > this.#settings.itemBytes) return Math.max(1, i);
    }
    return most;
  }

  #merge(events: readonly EncodedEvent<E>[]): readonly EncodedEvent<E>[] {
    const known = new Map(events.map((entry) => [entry.event, entry]));
    const merged = this.#model.merge(events.map(({ event }) => event));
    return merged.map((event) => known.get(event) ?? { event, bytes: this.#model.encode(event) });
  }

  #encode(events: readonly EncodedEvent<E>[], place: number, lastRevision: number): Frame {
    const conflated = events.length < lastRevision - place;
    const bytes = this.view.deltas?.({ firstRevision: place + 1, lastRevision, conflated, events });
    if (bytes === undefined) throw new TypeError('the view has no deltas');
    return { revision: lastRevision, bytes, conflated };
  }
}

function sumBytes(events: readonly EncodedEvent<unknown>[]): number {
  let bytes = 0;
  for (const event of events) bytes += event.bytes.length;
  return bytes;
}
