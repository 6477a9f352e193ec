import type { BrokerSettings } from '../../../src/broker/settings.js';

/** Small bounds, so that a short run meets all of them. */
export const SETTINGS: BrokerSettings = {
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


/** Identity of the simulated log. */
export const LOG = 'log';

export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}
