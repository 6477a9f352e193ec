import { original } from '../baseline.js';
import type { Bench, Section } from '../bench.js';
import { microseconds, milliseconds, percent, perSecond } from '../format.js';
import type { FanOutLoad, Pace, PublishResult } from '../load/fan-out.js';
import type { PublisherJob } from '../load/publishers.js';
import { type Measured, sideBySide } from '../side-by-side.js';
import { median } from '../stats.js';
import { startRuns } from '../system/fixtures.js';
import type { Remote } from '../system/remote.js';
import { type Audience, bareReaders, fanOutLoad, publishTo, watchers } from './audience.js';

const WATCHERS = [1, 10, 100, 1_000] as const;
const TEXT_BYTES = 60;
const ONE_AT_A_TIME: Pace = { kind: 'ahead', steps: 1 };
/** Steps that a publisher at full speed may be ahead of the slowest watcher: nobody is so slow that anything has to be merged. */
const FULL_SPEED: Pace = { kind: 'ahead', steps: 200 };
/** Most steps of a run: its state stays within its limit. */
const MOST_STEPS = 40_000;

/** Deltas to many watchers, each with a connection of its own. */
export const watch: Section = {
  name: 'watch',
  about: `Watch: deltas of ${TEXT_BYTES} B to 1, 10, 100 and 1,000 watchers with a connection each`,
  async run(bench) {
    const server = await bench.startServer();
    const bare = await bench.startBare();
    const load = fanOutLoad(bench);
    const rounds = bench.quick ? 1 : 3;
    const crowds = bench.quick ? WATCHERS.slice(0, 2) : WATCHERS;
    const runs = await startRuns(server, crowds.length * rounds * 2 + 1);

    async function compare(connections: number, pace: Pace) {
      bench.progress(`${connections} watchers, ${pace === FULL_SPEED ? 'full speed' : 'one at a time'}`);
      const job = { pace, milliseconds: bench.quick ? 200 : 2_000, steps: MOST_STEPS };
      const text = (executionId: string): PublisherJob => ({ kind: 'text', executionId, bytes: TEXT_BYTES });
      return sideBySide(
        rounds,
        () => {
          const executionId = runs.pop()!;
          return publishTo(load, watchers(server, executionId), { connections }, { ...job, publisher: text(executionId) });
        },
        () => publishTo(load, bareReaders(bare), { connections }, { ...job, publisher: { kind: 'bare', bytes: TEXT_BYTES } }),
      );
    }

    for (const connections of crowds) {
      const { ours, floor } = await compare(connections, ONE_AT_A_TIME);
      // By CPU: between two deltas of ours lies a commit, in which nobody works.
      const ratio = cpu(floor) / cpu(ours);
      bench.row({
        work: `Watch, ${connections} watchers, one delta at a time`,
        ours: describe(ours),
        floor: describe(floor),
        ratio: `${percent(ratio)} by CPU`,
        ...(connections < 100 ? {} : { goal: '≥ 80 %', met: ratio >= 0.8 }),
        original: original.fanOut[connections],
      });
    }
    for (const connections of crowds) {
      const { ours, floor } = await compare(connections, FULL_SPEED);
      bench.row({
        work: `Watch, ${connections} watchers, full speed`,
        ours: describe(ours),
        floor: describe(floor),
        ratio: percent(rate(ours) / rate(floor)),
        ...(connections < 1_000 ? {} : { goal: '≥ 200,000/s, ≤ 4 µs', met: rate(ours) >= 200_000 && cpu(ours) <= 4 }),
        original: original.fanOut[connections],
      });
    }
    await paced(bench, load, watchers(server, runs[0]!), { kind: 'text', executionId: runs[0]!, bytes: 300 }, bareReaders(bare));
  },
};

type Round = Measured<PublishResult>;

/** From a runner's report to a hundred watchers, on disk in between, at a rate that leaves room. */
async function paced(bench: Bench, load: Remote<FanOutLoad>, ours: Audience, publisher: PublisherJob, bare: Audience): Promise<void> {
  bench.progress('report to watcher, 100 watchers at 100/s');
  const job = { pace: { kind: 'rate', perSecond: 100 }, milliseconds: bench.quick ? 300 : 10_000 } as const;
  const crowd = { connections: bench.quick ? 10 : 100 };
  const floor = await publishTo(load, bare, crowd, { ...job, publisher: { kind: 'bare', bytes: publisher.bytes } });
  const taken = await publishTo(load, ours, crowd, { ...job, publisher });
  const { latencyMs } = taken.result;
  const tell = ({ result, cpuUs }: Round): string =>
    `p50 ${milliseconds(result.latencyMs.p50)}, p99 ${milliseconds(result.latencyMs.p99)}, CPU ${percent(cpuUs / 1e6 / result.seconds)}`;
  bench.row({
    work: 'report to watcher, 100 watchers at 100/s of 300 B',
    ours: tell(taken),
    floor: tell(floor),
    goal: 'p50 ≤ 5 ms, p99 ≤ 20 ms',
    met: latencyMs.p50 <= 5 && latencyMs.p99 <= 20,
  });
}

/** Steps told, each to one watcher. */
function delivered({ told, whole }: PublishResult): number {
  return told + whole;
}

function rate(rounds: readonly Round[]): number {
  return median(rounds.map(({ result }) => delivered(result) / result.seconds));
}

function cpu(rounds: readonly Round[]): number {
  return median(rounds.map(({ result, cpuUs }) => cpuUs / delivered(result)));
}

function describe(rounds: readonly Round[]): string {
  const p = (of: (result: PublishResult) => number): string => milliseconds(median(rounds.map(({ result }) => of(result))));
  return `${perSecond(rate(rounds))} (${microseconds(cpu(rounds))}), p50 ${p(({ latencyMs }) => latencyMs.p50)}, p99 ${p(({ latencyMs }) => latencyMs.p99)}`;
}
