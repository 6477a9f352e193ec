import type { Observable } from 'rxjs';

/** An event and its encoding, which is made once and shared by all who are sent it. */
export interface EncodedEvent<E> {
  readonly event: E;
  readonly bytes: Uint8Array;
}

/** Something that is told beside the state; a later one with the same code takes the place of the earlier. */
export interface StreamNotice {
  readonly code: string;
  readonly cleared: boolean;
}

/** What a key's state is made of. Pure; `apply` changes the state that it is given. */
export interface StreamModel<S, E> {
  decode(bytes: Uint8Array): E;
  encode(event: E): Uint8Array;
  /** Moves the state on by one event. Throws when the event does not fit; the broker then loads the state anew. */
  apply(state: S, event: E): void;
  /** Fewer events with the same effect. */
  merge(events: readonly E[]): readonly E[];
  /** Whether the event, applied to this state, is a change that no watcher may miss. Asked before `apply`. */
  isTransition(state: S, event: E): boolean;
  /** A copy that later events do not change. Taken at transitions only. */
  clone(state: S): S;
  /** The state with what no event changes taken from one that was loaded later. */
  renew(state: S, loaded: S): S;
  /** Bytes of a snapshot, roughly: what is weighed against the events that it would replace. */
  sizeOf(state: S): number;
  /** Whether nothing can follow. */
  hasEnded(state: S): boolean;
}

/** Where the state of a key comes from. */
export interface StreamSource<S, N extends StreamNotice> {
  /**
   * What is committed, at least as new as every publish before the call; the broker owns the state from then on. Undefined when there
   * is no such key. What it throws, the watchers get.
   */
  load(key: string): Promise<LoadedState<S, N> | undefined>;
  /** Encoded events with a revision greater than `after`, oldest first, at most `limit`; undefined when they are not kept any more. */
  read(key: string, after: number, limit: number): Promise<readonly Uint8Array[] | undefined>;
}

export interface LoadedState<S, N extends StreamNotice> {
  readonly revision: number;
  readonly state: S;
  /** Notices that stand at this time. */
  readonly notices?: readonly N[];
}

/** One committed append. */
export interface Publication {
  /** Revision of the first event; the next ones count up by one. */
  readonly firstRevision: number;
  readonly events: readonly Uint8Array[];
}

/** Events for one item. They stand for every revision from `firstRevision` to `lastRevision`. */
export interface DeltaBatch<E> {
  readonly firstRevision: number;
  readonly lastRevision: number;
  /** The events were merged: there are fewer than revisions. */
  readonly conflated: boolean;
  readonly events: readonly EncodedEvent<E>[];
}

export interface SnapshotOptions {
  readonly revision: number;
  /** Why the watcher gets a snapshot instead of what it asked for; empty for one that it asked for. */
  readonly resyncReason: string;
}

export interface EndOptions<S> {
  readonly revision: number;
  /** The final state; undefined when the key was deleted. */
  readonly state: S | undefined;
}

/**
 * How items look on the wire. A view is an object that is made once, for all its watchers: what it encodes is shared by them. Without
 * `deltas` its watchers get snapshots only: the newest one, paced, and one for each transition. What has no method is not sent.
 */
export interface StreamView<S, E, N extends StreamNotice> {
  snapshot(state: S, options: SnapshotOptions): Uint8Array;
  deltas?(batch: DeltaBatch<E>): Uint8Array;
  notice?(notice: N): Uint8Array;
  bookmark?(revision: number): Uint8Array;
  end?(end: EndOptions<S>): Uint8Array;
}

export interface WatchOptions<S, E, N extends StreamNotice> {
  readonly view: StreamView<S, E, N>;
  /** Each emission says that the transport can take one more item; the value does not matter. Nothing is emitted without. */
  readonly demand: Observable<unknown>;
  /** Last revision that the watcher has. Absent: it starts with a snapshot. Views with deltas only. */
  readonly from?: number;
  /** The watcher wanted to resume and cannot, for this reason: its first snapshot is marked so. Not together with `from`. */
  readonly resyncReason?: string;
}

/** One message for the transport. `bytes` are shared and must not be changed. */
export interface WatchItem {
  readonly type: 'snapshot' | 'deltas' | 'notice' | 'bookmark' | 'end';
  /** What the watcher has once it has this item: where it may resume. */
  readonly revision: number;
  readonly bytes: Uint8Array;
}

/** Gauges and counters of a broker. */
export interface BrokerMetrics {
  /** Gauge: watches that are open. */
  watchers: number;
  /** Gauge: keys that are watched. */
  keys: number;
  /** Gauge: bytes of encoded events that are kept for watchers. */
  tailBytes: number;
  /** Items handed to transports since the start, and their bytes. */
  items: number;
  bytes: number;
  /** Items that stood for more revisions than they had events: merged events, and snapshots in the place of events. */
  conflations: number;
  /** Those among them that were snapshots, for a watcher that lagged or came back too late. */
  resyncs: number;
  /** Watches that were ended since their transport took nothing. */
  cutOffs: number;
  /** The most revisions that a watcher was behind when it took an item. */
  maxLag: number;
}
