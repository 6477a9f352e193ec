import { setTimeout as delay } from 'node:timers/promises';
import { original } from '../baseline.js';
import type { Section } from '../bench.js';
import { bytes, milliseconds, times } from '../format.js';
import { startRuns } from '../system/fixtures.js';
import { fanOutLoad, watchers } from './audience.js';

const OTHERS = 10;
const UPDATES = 20_000;
const PER_SECOND = 2_000;
const TEXT_BYTES = 100;

/** One watcher that stops reading: what it costs the server, and the others. */
export const frozen: Section = {
  name: 'frozen',
  about: `one watcher of ${OTHERS + 1} stops reading while ${UPDATES} updates are made`,
  async run(bench) {
    const server = await bench.startServer({ collectable: true });
    const load = fanOutLoad(bench);
    const runs = await startRuns(server, 3);
    const round = async (frozenWatchers: number) => {
      bench.progress(`${frozenWatchers} frozen`);
      const executionId = runs.pop()!;
      const { target } = server;
      // The window that clients have by default: with a wide one the frozen reader's transport would take much of it.
      await load.call('open', { ...watchers(server, executionId).streams, target, connections: OTHERS + frozenWatchers, perConnection: 1, window: 65_535 });
      await load.call('freeze', frozenWatchers);
      const job = {
        target,
        publisher: { kind: 'text', executionId, bytes: TEXT_BYTES },
        pace: { kind: 'rate', perSecond: PER_SECOND },
        steps: bench.quick ? 500 : UPDATES,
        milliseconds: 60_000,
        frozen: Array.from({ length: frozenWatchers }, (_, i) => i),
      } as const;
      const held = async (): Promise<number> => {
        server.collectGarbage();
        await delay(bench.quick ? 100 : 1_000);
        return (await server.usage()).rss;
      };
      const before = await held();
      const { latencyMs } = await load.call('publish', job);
      const grown = (await held()) - before;
      await load.call('close', undefined);
      return { grown, p99: latencyMs.p99 };
    };
    // The first run grows the heap to what such a run needs.
    await round(0);
    const without = await round(0);
    const withFrozen = await round(1);
    const grown = withFrozen.grown - without.grown;
    const slower = withFrozen.p99 / without.p99;
    bench.row({
      work: `one frozen watcher, ${UPDATES} updates at ${PER_SECOND}/s`,
      ours: `${bytes(grown)} more; p99 of the others ${milliseconds(withFrozen.p99)}`,
      floor: `without it: p99 ${milliseconds(without.p99)}`,
      ratio: times(slower),
      goal: '≤ 2 MB, p99 ≤ 1.5 ×',
      met: grown <= 2e6 && slower <= 1.5,
      original: original.frozen,
    });
  },
};
