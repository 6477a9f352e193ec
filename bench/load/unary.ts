import { serve } from '../system/remote.js';
import { Samples, type Summary } from '../stats.js';
import { Connection, type Target } from './connection.js';

/** Bodies of the calls: what is special about a slot comes first, then a variant; fields of protobuf may stand in any order. */
export interface Bodies {
  /** One for each call under way, or one for all. */
  readonly slots: readonly Uint8Array[];
  /** Taken in turn, so that no call repeats the one before it. */
  readonly variants: readonly Uint8Array[];
  /** These bytes of a variant are replaced by a number of eight digits, another one for each call. */
  readonly counter?: string;
}

export interface UnaryJob {
  readonly target: Target;
  readonly path: string;
  readonly bodies: Bodies;
  /** Callers, each with one call under way. */
  readonly inFlight: number;
  /** Whichever comes first ends it. */
  readonly milliseconds?: number;
  readonly calls?: number;
  /** Where the counter starts. */
  readonly from?: number;
}

export interface UnaryResult {
  readonly calls: number;
  /** Calls that failed, by gRPC status. */
  readonly failed: Readonly<Record<number, number>>;
  readonly seconds: number;
  readonly latencyMs: Summary;
}

/**
 * Makes calls, a new one as soon as one is answered. Each caller has a connection of its own, as runners and command lines have: calls
 * that share one also share its reads and writes, which a server under load does not see in life.
 */
async function run(job: UnaryJob): Promise<UnaryResult> {
  const connections = await Promise.all(Array.from({ length: job.inFlight }, () => Connection.open(job.target)));
  const latency = new Samples();
  const failed: Record<number, number> = {};
  const next = bodies(job);
  const mostCalls = job.calls ?? Number.POSITIVE_INFINITY;
  const start = performance.now();
  const end = start + (job.milliseconds ?? Number.POSITIVE_INFINITY);
  let made = 0;

  async function caller(connection: Connection, index: number): Promise<void> {
    while (made < mostCalls && performance.now() < end) {
      const number = made++;
      const began = performance.now();
      const status = await callOnce(connection, job.path, next(index, number));
      latency.add(performance.now() - began);
      if (status !== 0) failed[status] = (failed[status] ?? 0) + 1;
    }
  }

  await Promise.all(connections.map(caller));
  const seconds = (performance.now() - start) / 1000;
  for (const connection of connections) connection.close();
  return { calls: made, failed, seconds, latencyMs: latency.summary() };
}

function callOnce(connection: Connection, path: string, body: Uint8Array): Promise<number> {
  return new Promise((resolve) => connection.call(path, { message: () => undefined, end: resolve }).send(body, true));
}

function bodies({ bodies: { slots, variants, counter }, from = 0 }: UnaryJob): (slot: number, number: number) => Uint8Array {
  const turn = slots.map(() => 0);
  return (slot, number) => {
    const place = slot % slots.length;
    const variant = variants[turn[place]!++ % variants.length]!;
    const body = Buffer.concat([slots[place]!, variant]);
    if (counter !== undefined) body.write(String(from + number).padStart(8, '0'), body.indexOf(counter), 'latin1');
    return body;
  };
}

const functions = { run };
export type UnaryLoad = typeof functions;
serve(functions);
