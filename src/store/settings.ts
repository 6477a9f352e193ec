/** What an operator may set. Times in milliseconds, sizes in bytes. */
export interface StoreSettings {
  /** Pages of 4 KiB that the write-ahead log gathers before they move to the database file. */
  readonly walCheckpointPages: number;
  /** How long a statement waits for another process to finish its commit. */
  readonly busyTimeoutMs: number;
  /** How often a commit is tried anew when the wait was in vain, before its writes are refused as UNAVAILABLE. */
  readonly busyRetries: number;
  /** How often the log is asked for appends of other processes, while somebody listens. */
  readonly tailPollMs: number;
  /** How long the events of a finished execution are kept. Its final snapshot stays. */
  readonly eventRetentionMs: number;
  /** How long lines of the log of changes are kept. */
  readonly changeRetentionMs: number;
  /** What writes may hold in memory while they wait for their commit; beyond it they are refused as RESOURCE_EXHAUSTED. */
  readonly maxPendingBytes: number;
  /** What one commit takes at most, so that none takes long. */
  readonly maxBatchBytes: number;
  /** What the database file may grow to; 0 is no limit but the disk's. */
  readonly maxDatabaseBytes: number;
  /** Whether the whole file is checked on start. A quarter of a second for each 100 MB. */
  readonly checkOnStart: boolean;
}

const MIB = 1024 * 1024;
const DAY = 24 * 60 * 60 * 1000;

export const defaultStoreSettings: StoreSettings = {
  walCheckpointPages: 10_000,
  busyTimeoutMs: 5_000,
  busyRetries: 2,
  tailPollMs: 50,
  eventRetentionMs: 7 * DAY,
  changeRetentionMs: 90 * DAY,
  maxPendingBytes: 64 * MIB,
  maxBatchBytes: 8 * MIB,
  maxDatabaseBytes: 0,
  checkOnStart: true,
};
