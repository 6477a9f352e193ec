import { setTimeout as delay } from 'node:timers/promises';
import { original } from '../baseline.js';
import type { Bench, Section } from '../bench.js';
import { bytes, percent, times } from '../format.js';
import { startRuns } from '../system/fixtures.js';
import type { Usage } from '../system/remote.js';
import { type Audience, bareReaders, type Crowd, fanOutLoad, watchers } from './audience.js';

const CASES = [
  { work: '10,000 idle watchers, 100 to a connection, of 100 executions', crowd: { connections: 100, perConnection: 100 }, executions: 100, goal: 16_000 },
  { work: '1,000 idle watchers with a connection and an execution each', crowd: { connections: 1_000, perConnection: 1 }, executions: 1_000, goal: 44_000 },
] as const;
/** How long a server is left alone before it is looked at. */
const SETTLE_MS = 5_000;

/** What a watcher costs to whom nothing is said. */
export const idle: Section = {
  name: 'idle',
  about: 'memory of watchers to whom nothing is said',
  async run(bench) {
    for (const { work, crowd, executions, goal } of CASES) {
      bench.progress(work);
      const server = await bench.startServer({ collectable: true });
      const bare = await bench.startBare({ collectable: true });
      const runs = await startRuns(server, bench.quick ? 10 : executions);
      const size = bench.quick ? { connections: 10, perConnection: 2 } : crowd;
      const floor = await memoryOf(bench, bareReaders(bare), size);
      const ours = await memoryOf(bench, watchers(server, ...runs), size);
      bench.row({
        work,
        ours: `${bytes(ours.each)} each, CPU ${percent(ours.cpu)}`,
        floor: `${bytes(floor.each)} each, CPU ${percent(floor.cpu)}`,
        ratio: times(ours.each / floor.each),
        goal: `≤ ${bytes(goal)}`,
        met: ours.each <= goal,
        original: original.idle,
      });
    }
  },
};

interface Collectable<U extends Usage> extends Audience<U> {
  readonly server: Audience<U>['server'] & { collectGarbage(): void };
}

async function memoryOf<U extends Usage>(bench: Bench, { server, streams }: Collectable<U>, { connections, perConnection = 1 }: Crowd) {
  const load = fanOutLoad(bench);
  const settle = (): Promise<void> => delay(bench.quick ? 100 : SETTLE_MS);
  const settledUsage = async (): Promise<U> => {
    server.collectGarbage();
    await settle();
    return server.usage();
  };
  const before = await settledUsage();
  await load.call('open', { ...streams, target: server.target, connections, perConnection });
  const opened = await settledUsage();
  const since = performance.now();
  await settle();
  const cpu = ((await server.usage()).cpuUs - opened.cpuUs) / 1000 / (performance.now() - since);
  await load.call('close', undefined);
  return { each: (opened.rss - before.rss) / (connections * perConnection), cpu };
}
