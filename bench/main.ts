import { parseArgs } from 'node:util';
import { MEASURED_ON } from './baseline.js';
import type { Bench, Section } from './bench.js';
import { sections } from './sections/sections.js';
import { BareServer } from './system/bare-server.js';
import { bundled } from './system/remote.js';
import { StigmerServer } from './system/stigmer-server.js';
import { startTemporalPeer } from './system/temporal-peer.js';
import { formatTable, type Row } from './table.js';

const USAGE = `npm run bench [-- [SECTION …] [--quick] [--cpu-prof DIR]]

  SECTION      which figures to take; all of them when none is named
  --quick      a smoke run: everything once and briefly
  --cpu-prof   has the servers write CPU profiles into this folder

sections:
${sections.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`).join('\n')}`;

/** Folder of the repository, from scripts/bench.mjs. */
const [root = '', ...given] = process.argv.slice(2);
const { values, positionals } = parseArgs({
  args: given,
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, 'cpu-prof': { type: 'string' }, help: { type: 'boolean', default: false } },
});

const COLLECTABLE = ['--expose-gc', '--import', bundled('system/collect-garbage.js')];

async function runSection(section: Section, rows: Row[]): Promise<void> {
  const ends: (() => unknown)[] = [];
  const bench: Bench = {
    quick: values.quick,
    root,
    async startServer({ collectable = false } = {}) {
      const temporal = await startTemporalPeer();
      ends.push(() => temporal.stop());
      const profiling = values['cpu-prof'] === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values['cpu-prof']}`];
      const nodeFlags = [...profiling, ...(collectable ? COLLECTABLE : [])];
      const server = await StigmerServer.start({ program: `${root}/dist/server/main.js`, temporal: temporal.address, nodeFlags });
      ends.push(() => server.stop());
      return server;
    },
    async startBare({ collectable = false } = {}) {
      const bare = await BareServer.start(collectable ? COLLECTABLE : []);
      ends.push(() => bare.stop());
      return bare;
    },
    onEnd: (work) => void ends.push(work),
    progress: (text) => void process.stderr.write(`${section.name}: ${text} …\n`),
    row: (row) => void rows.push(row),
  };
  try {
    await section.run(bench);
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const unknown = positionals.filter((name) => !sections.some((section) => section.name === name));
  if (unknown.length > 0) {
    console.error(`unknown section: ${unknown.join(', ')}\n\n${USAGE}`);
    return 2;
  }
  const all: Row[] = [];
  const failed: string[] = [];
  for (const section of sections.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
    const rows: Row[] = [];
    try {
      await runSection(section, rows);
    } catch (error) {
      failed.push(section.name);
      console.error(`${section.name} failed: ${error instanceof Error ? error.stack : String(error)}`);
    }
    if (rows.length > 0) console.log(`\n${section.about}\n\n${formatTable(rows)}`);
    all.push(...rows);
  }
  console.log(`\n${all.length} figures. The original's are of ${MEASURED_ON} and of another run: what counts is the ratio to the floor, which is of this one.`);
  if (failed.length > 0) console.error(`not all could be measured: ${failed.join(', ')}`);
  return failed.length > 0 ? 1 : 0;
}

process.exitCode = await main();
