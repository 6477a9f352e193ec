import { original } from '../baseline.js';
import type { Section } from '../bench.js';
import { count, microseconds, milliseconds, perSecond, times } from '../format.js';
import type { PublishResult } from '../load/fan-out.js';
import type { Measured } from '../side-by-side.js';
import { startRuns } from '../system/fixtures.js';
import { bareReaders, fanOutLoad, publishTo, subscribers } from './audience.js';

const WATCHERS = [1, 10, 100, 1_000] as const;
/** Snapshots that a subscriber gets in a second while text streams. */
const MOST_SNAPSHOTS = 20;
/** Watchers and sizes of the rows about large states, with what the original does. */
const LARGE = [[100, original.fanOut10[100]], [1_000, original.fanOut10[1000]]] as const;

type Round = Measured<PublishResult>;

/** The original's stream of whole executions, while a runner sends full statuses as fast as they are answered. */
export const subscribe: Section = {
  name: 'subscribe',
  about: 'subscribe: whole executions of 1 and 10 KB to 1 to 1,000 watchers with a connection each',
  async run(bench) {
    const server = await bench.startServer();
    const bare = await bench.startBare();
    const load = fanOutLoad(bench);
    const duration = bench.quick ? 300 : 4_000;
    const crowds = bench.quick ? WATCHERS.slice(0, 2) : WATCHERS;
    const runs = await startRuns(server, crowds.length + LARGE.length + 2);

    const publish = (connections: number, bytes: number, complete = false): Promise<Round> => {
      const executionId = runs.pop()!;
      const job = { publisher: { kind: 'update-status', executionId, bytes }, pace: { kind: 'free' }, milliseconds: duration, complete } as const;
      return publishTo(load, subscribers(server, executionId), { connections }, job);
    };

    bench.progress('updates that nobody watches');
    const unwatched = await publish(0, 1_000);
    for (const connections of crowds) {
      bench.progress(`${connections} subscribers of 1 KB`);
      const floor = await publishTo(load, bareReaders(bare), { connections }, {
        publisher: { kind: 'bare', bytes: 1_000 },
        pace: { kind: 'rate', perSecond: MOST_SNAPSHOTS },
        milliseconds: duration,
      });
      const ours = await publish(connections, 1_000);
      const ingest = (unwatched.cpuUs / unwatched.result.steps) * ours.result.steps;
      const cpu = (ours.cpuUs - ingest) / ours.result.messages;
      const floorCpu = floor.cpuUs / floor.result.messages;
      // To few watchers the updates cost more than all the rest, and what is left beside them is noise.
      const tells = connections >= 100;
      bench.row({
        work: `subscribe 1 KB, ${connections} watchers, ${count(ours.result.steps / ours.result.seconds)} updates/s`,
        ours: `${latencies(ours)}${tells ? `; ${microseconds(cpu)} each beside the updates` : ''}`,
        floor: `${latencies(floor)}; ${microseconds(floorCpu)} each`,
        ...(tells ? { ratio: times(cpu / floorCpu) } : {}),
        ...(connections < 1_000 ? {} : { goal: 'CPU ≤ 1.1 ×', met: cpu / floorCpu <= 1.1 }),
        original: original.fanOut[connections],
      });
    }
    for (const [connections, figure] of bench.quick ? [] : LARGE) {
      bench.progress(`${connections} subscribers of 10 KB`);
      const ours = await publish(connections, 10_000, true);
      const { latencyMs, statuses } = ours.result;
      const heard = statuses[0] ?? 0;
      bench.row({
        work: `subscribe 10 KB, ${connections} watchers, ${count(ours.result.steps / ours.result.seconds)} updates/s`,
        ours: `${latencies(ours)}; ${count(heard)} of ${count(connections)} hear of the end`,
        goal: 'p99 ≤ 250 ms, all hear the end',
        met: latencyMs.p99 <= 250 && heard === connections,
        original: figure,
      });
    }
  },
};

function latencies({ result: { messages, seconds, latencyMs } }: Round): string {
  return `${perSecond(messages / seconds)}, p50 ${milliseconds(latencyMs.p50)}, p99 ${milliseconds(latencyMs.p99)}`;
}

