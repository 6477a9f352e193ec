/** Bounds and intervals of a broker. Bytes are those of encoded events. */
export interface BrokerSettings {
  /** A watcher of deltas that had nothing new for so long gets a bookmark. */
  readonly bookmarkMs: number;
  /** A watcher of deltas that has something waiting and takes nothing for so long is ended. */
  readonly stallMs: number;
  /** A watcher of snapshots gets at most one in this time; transitions do not wait. */
  readonly snapshotIntervalMs: number;
  /** Events of a key that are kept for watchers who lag or return; who is further behind gets a snapshot. */
  readonly tailEvents: number;
  readonly tailBytes: number;
  /** Bytes kept for all keys together. */
  readonly totalTailBytes: number;
  /** Events of one item; who is further behind gets them merged. */
  readonly itemEvents: number;
  readonly itemBytes: number;
  /** Notices of a key, by code; of more, the oldest are dropped. */
  readonly notices: number;
  /** Transitions of a key whose states are kept for watchers that have not seen them; of more, the oldest are dropped. */
  readonly transitions: number;
  /** Watchers at a time; one more is refused with RESOURCE_EXHAUSTED. */
  readonly watchers: number;
  readonly watchersPerKey: number;
}

export const defaultBrokerSettings: BrokerSettings = {
  bookmarkMs: 15_000,
  stallMs: 30_000,
  snapshotIntervalMs: 50,
  tailEvents: 1024,
  tailBytes: 1024 * 1024,
  totalTailBytes: 64 * 1024 * 1024,
  itemEvents: 256,
  itemBytes: 64 * 1024,
  notices: 64,
  transitions: 16,
  watchers: 20_000,
  watchersPerKey: 10_000,
};
