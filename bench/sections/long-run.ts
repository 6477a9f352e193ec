import { original } from '../baseline.js';
import type { Bench, Section } from '../bench.js';
import { bytes, count, milliseconds, times } from '../format.js';
import type { FanOutLoad, Pace } from '../load/fan-out.js';
import type { PublisherJob } from '../load/publishers.js';
import { measured } from '../side-by-side.js';
import { keptIn, writtenBy } from '../system/disk.js';
import { startRuns } from '../system/fixtures.js';
import type { Remote } from '../system/remote.js';
import type { StigmerServer } from '../system/stigmer-server.js';
import { fanOutLoad, subscribers, watchers } from './audience.js';

const UPDATES = 1_000;
const TEXT_BYTES = 300;

/** A run that goes on for long: its price is to be that of what was said, and not of saying it all again with each word. */
export const longRun: Section = {
  name: 'long-run',
  about: `a run of ${UPDATES} updates of ${TEXT_BYTES} B with one watcher, and one twice as long`,
  async run(bench) {
    const server = await bench.startServer();
    const load = fanOutLoad(bench);
    const updates = bench.quick ? 50 : UPDATES;
    if (!bench.quick) await follow(bench, server, load, 'text', updates);
    const once = await follow(bench, server, load, 'text', updates);
    const twice = await follow(bench, server, load, 'text', updates * 2);
    const final = updates * TEXT_BYTES;
    const row = (what: string, value: number, goal?: number, figure?: string) =>
      bench.row({
        work: `${count(updates)} updates by Report and Watch: ${what}`,
        ours: bytes(value),
        floor: `what was said: ${bytes(final)}`,
        ratio: times(value / final),
        ...(goal === undefined ? {} : { goal: `≤ ${goal} ×`, met: value <= goal * final }),
        ...(figure === undefined ? {} : { original: figure }),
      });
    bench.row({
      work: `${count(updates)} updates by Report and Watch, each seen before the next: time`,
      ours: `${milliseconds(once.seconds * 1000)}, ${milliseconds(once.cpuUs / 1000)} of CPU`,
      original: `${original.longRun.time}, ${original.longRun.cpu}`,
    });
    row('bytes in', once.in, 1.5, original.longRun.in);
    row('bytes out to one watcher', once.out, 1.5, original.longRun.out);
    row('events in the log', once.logged);
    row('written: events, final state and what goes with them', once.kept, 2.5);
    if (once.written !== undefined) row('written to disk: whole pages, journal and all', once.written, undefined, original.longRun.stored);
    const cost = (of: typeof once): number => of.in + of.out + of.kept;
    bench.row({
      work: 'the same run twice as long: bytes in, out and kept; CPU',
      ours: `${times(cost(twice) / cost(once))}; ${times(twice.cpuUs / once.cpuUs)}`,
      goal: '2 ×',
      met: cost(twice) / cost(once) <= 2.1,
      original: original.longRun.twice,
    });
    const old = await follow(bench, server, load, 'growing-status', updates);
    bench.row({
      work: `${count(updates)} updates by updateStatus and subscribe, as the original's clients do it`,
      ours: `${milliseconds(old.seconds * 1000)}, ${milliseconds(old.cpuUs / 1000)} of CPU; in ${bytes(old.in)}, out ${bytes(old.out)}, kept ${bytes(old.kept)}`,
      original: `${original.longRun.time}, ${original.longRun.cpu}; in ${original.longRun.in}, out ${original.longRun.out}`,
    });
  },
};

/** One run from its first word to its end. */
async function follow(bench: Bench, server: StigmerServer, load: Remote<FanOutLoad>, kind: 'text' | 'growing-status', updates: number) {
  bench.progress(`${updates} updates, ${kind}`);
  const [executionId] = await startRuns(server, 1);
  const { target } = server;
  const byReport = kind === 'text';
  const { streams } = (byReport ? watchers : subscribers)(server, executionId!);
  await load.call('open', { ...streams, target, connections: 1, perConnection: 1 });
  const before = { kept: keptIn(server.stateDir), written: writtenBy(server.pid), received: (await load.call('traffic', undefined)).bytesIn };
  const publisher: PublisherJob = { kind, executionId: executionId!, bytes: TEXT_BYTES };
  const pace: Pace = byReport ? { kind: 'ahead', steps: 1 } : { kind: 'free' };
  const job = { target, publisher, pace, steps: updates, milliseconds: 120_000, complete: true };
  const taken = await measured(server, () => load.call('publish', job));
  const { bytesIn: received } = await load.call('traffic', undefined);
  await load.call('close', undefined);
  const written = writtenBy(server.pid);
  return {
    seconds: taken.result.seconds,
    cpuUs: taken.cpuUs,
    in: taken.result.published.bytesOut,
    out: received - before.received,
    logged: taken.after.logBytes - taken.before.logBytes,
    kept: keptIn(server.stateDir) - before.kept,
    written: written === undefined || before.written === undefined ? undefined : written - before.written,
  };
}
