import type { Component } from '../component.js';
import { temporalAnswers } from '../temporal/ready.js';
import { Watched } from '../supervision/watched.js';
import { type Endpoint, formatAddress } from '../wiring/network.js';
import type { Workbench } from './workbench.js';

/** A Temporal cluster that someone else runs (TEMPORAL_SERVICE_ADDRESS): watched, never started or stopped. */
export function temporalClusterComponent(bench: Workbench, endpoint: Endpoint): Component {
  const address = formatAddress(endpoint);
  const managed = new Watched({ name: 'temporal', probe: temporalAnswers(address), clock: bench.clock, timings: bench.timings });
  return {
    name: 'temporal',
    group: 'temporal',
    rank: 0,
    managed,
    ports: [],
    facts: () => ({ address, detail: 'a cluster of your own, by TEMPORAL_SERVICE_ADDRESS' }),
    memory: () => Promise.resolve(undefined),
    prepare: () => Promise.resolve(),
    clearLeftover: () => Promise.resolve(),
    explain: () => `it was looked for at TEMPORAL_SERVICE_ADDRESS=${address}`,
    close: () => Promise.resolve(),
  };
}
