import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { BrokerMetrics } from '../broker/types.js';
import { codeName } from '../contract/errors.js';
import type { CommittedAppend } from '../store/ports.js';
import type { CallObserver } from './edge/serve-method.js';

/** Where gauges are read from when somebody asks. */
export interface MetricSources {
  readonly broker: () => Readonly<BrokerMetrics>;
  readonly leases: () => Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, { readonly help: string; readonly read: () => number }>>;
}

export interface ServerMetrics {
  readonly registry: Registry;
  readonly calls: CallObserver;
  appended(append: CommittedAppend): void;
}

const BROKER_GAUGES: readonly (readonly [keyof BrokerMetrics, string])[] = [
  ['watchers', 'Watches that are open.'],
  ['keys', 'Executions that are watched.'],
  ['tailBytes', 'Bytes of events that are kept for watchers.'],
  ['maxLag', 'Greatest number of revisions that a watcher was behind.'],
];

const BROKER_COUNTERS: readonly (readonly [keyof BrokerMetrics, string])[] = [
  ['items', 'Items given to watchers.'],
  ['bytes', 'Bytes given to watchers.'],
  ['conflations', 'Items that joined events by merging or skipped them by a snapshot.'],
  ['resyncs', 'Snapshots that took the place of events.'],
  ['cutOffs', 'Watchers that were ended since they took nothing.'],
];

/** The server's metrics, in Prometheus' form. No label holds an id, a name or a text of a user. */
export function createMetrics(sources: MetricSources): ServerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'stigmer_' });
  const registers = [registry];
  const finished = new Counter({ name: 'stigmer_rpc_total', help: 'Calls that have ended.', labelNames: ['method', 'code'], registers });
  const latency = new Histogram({
    name: 'stigmer_rpc_seconds',
    help: 'Time that unary calls took.',
    labelNames: ['method'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const open = new Gauge({ name: 'stigmer_rpc_open', help: 'Calls under way.', labelNames: ['method'], registers });
  const appends = new Counter({ name: 'stigmer_log_appends_total', help: 'Appends to the execution log.', registers });
  const events = new Counter({ name: 'stigmer_log_events_total', help: 'Events appended to the execution log.', registers });
  const bytes = new Counter({ name: 'stigmer_log_bytes_total', help: 'Bytes of events appended to the execution log.', registers });
  readBroker(registers, sources.broker);
  const leases = new Gauge({
    name: 'stigmer_leases',
    help: 'Runners and workers that hold a lease.',
    labelNames: ['component'],
    registers,
    collect() {
      this.reset();
      for (const [component, count] of Object.entries(sources.leases())) leases.set({ component }, count);
    },
  });
  for (const [name, { help, read }] of Object.entries(sources.gauges)) {
    const gauge: Gauge = new Gauge({ name: `stigmer_${name}`, help, registers, collect: () => gauge.set(read()) });
  }
  return {
    registry,
    calls: {
      started: (method) => open.inc({ method }),
      finished(method, code, milliseconds) {
        open.dec({ method });
        finished.inc({ method, code: codeName(code) });
        latency.observe({ method }, milliseconds / 1000);
      },
    },
    appended(append) {
      appends.inc();
      events.inc(append.events.length);
      bytes.inc(append.events.reduce((sum, event) => sum + event.length, 0));
    },
  };
}

function readBroker(registers: Registry[], broker: MetricSources['broker']): void {
  for (const [field, help] of BROKER_GAUGES) {
    const gauge: Gauge = new Gauge({ name: `stigmer_broker_${snake(field)}`, help, registers, collect: () => gauge.set(broker()[field]) });
  }
  for (const [field, help] of BROKER_COUNTERS) {
    const counter: Counter = new Counter({
      name: `stigmer_broker_${snake(field)}_total`,
      help,
      registers,
      collect() {
        counter.reset();
        counter.inc(broker()[field]);
      },
    });
  }
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
