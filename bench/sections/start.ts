import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { AgentQueryController } from '../../src/contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { original } from '../baseline.js';
import type { Bench, Section } from '../bench.js';
import { bytes, milliseconds, times } from '../format.js';
import { median } from '../stats.js';
import { timed } from '../system/installation.js';

const execute = promisify(execFile);
/** How long a server rests before its memory is read. */
const REST_MS = 3_000;

/** Programs by themselves: how soon they are there, and what they hold. */
export const start: Section = {
  name: 'start',
  about: 'start of the server and of the command line, memory at rest, stop',
  async run(bench) {
    const repeats = bench.quick ? 1 : 5;
    await server(bench, repeats);
    await help(bench, bench.quick ? 1 : 15);
  },
};

async function server(bench: Bench, repeats: number): Promise<void> {
  const taken: { readonly start: number; readonly floor: number; readonly stop: number }[] = [];
  let rss = { ours: 0, floor: 0 };
  for (let i = 0; i < repeats; i += 1) {
    bench.progress('start of the server');
    const since = performance.now();
    const bare = await bench.startBare();
    const floor = performance.now() - since;
    const ours = await bench.startServer();
    const answer = await timed(() => ours.call(AgentQueryController.method.get, { value: 'agt-none' }).catch(() => undefined));
    if (i === repeats - 1) {
      await delay(bench.quick ? 100 : REST_MS);
      rss = { ours: (await ours.usage()).rss, floor: (await bare.usage()).rss };
    }
    taken.push({ start: ours.startMs + answer, floor, stop: await ours.stop() });
    await bare.stop();
  }
  const of = (pick: (each: (typeof taken)[number]) => number): number => median(taken.map(pick));
  const [ours, floor] = [of((each) => each.start), of((each) => each.floor)];
  bench.row({ work: 'stigmer-server: from its start to its first answer', ours: milliseconds(ours), floor: milliseconds(floor), ratio: times(ours / floor), original: original.start.server });
  bench.row({ work: 'stigmer-server: memory at rest', ours: bytes(rss.ours), floor: bytes(rss.floor), ratio: times(rss.ours / rss.floor), original: original.start.memory });
  bench.row({ work: 'stigmer-server: SIGTERM to gone', ours: milliseconds(of((each) => each.stop)), original: original.stop });
}

async function help(bench: Bench, repeats: number): Promise<void> {
  bench.progress('stigmer --help');
  const run = (...args: readonly string[]) => timed(() => execute(process.execPath, [...args]));
  const [ours, floor]: [number[], number[]] = [[], []];
  for (let i = 0; i < repeats; i += 1) {
    floor.push(await run('-e', '0'));
    ours.push(await run(join(bench.root, 'bin', 'stigmer'), '--help'));
  }
  bench.row({
    work: 'stigmer --help, against node alone',
    ours: milliseconds(median(ours)),
    floor: milliseconds(median(floor)),
    ratio: times(median(ours) / median(floor)),
    original: original.help,
  });
}
