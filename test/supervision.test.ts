import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identify, isRunning } from '../src/daemon/supervision/process-identity.js';
import type { ProcessIdentity } from '../src/daemon/supervision/process-identity.js';

const src = resolve(import.meta.dirname, '..', 'src');

/** A supervisor of one Node child that ends when its stdin ends, as ours do. It prints the child's pid. */
const SUPERVISOR = `
  import { systemClock } from '${src}/contract/clock.ts';
  import { startChild } from '${src}/daemon/supervision/child.ts';
  const child = await startChild({
    file: process.execPath,
    args: [process.argv[2]],
    env: {},
    stdin: 'pipe',
    sink: { lines: (_stream, lines) => console.log(child.pid, lines.join(' ')) },
    clock: systemClock,
  });
  process.on('SIGTERM', async () => {
    await child.stop(5_000);
    process.exit(0);
  });
`;

const CHILD = `
  process.stdin.resume().on('end', () => process.exit(0));
  console.log('up');
`;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stigmer-supervision-'));
});

afterEach(() => rm(folder, { recursive: true }));

async function supervisor() {
  const bundle = join(folder, 'supervisor.mjs');
  await build({ stdin: { contents: SUPERVISOR, resolveDir: src, loader: 'ts' }, bundle: true, platform: 'node', format: 'esm', outfile: bundle, logLevel: 'silent' });
  const script = join(folder, 'child.mjs');
  await writeFile(script, CHILD);
  const process_ = spawn(process.execPath, [bundle, script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(process_.stdout), 'line')) as [string];
  const child = (await identify(Number.parseInt(line, 10))) as ProcessIdentity;
  return { process: process_, gone: once(process_, 'exit'), child };
}

describe('a supervised Node child', () => {
  it('ends when the supervisor is killed', async () => {
    const { process: parent, gone, child } = await supervisor();
    expect(await isRunning(child)).toBe(true);
    parent.kill('SIGKILL');
    await gone;
    await expect.poll(() => isRunning(child), { timeout: 20_000 }).toBe(false);
  });

  it('is gone when the supervisor has ended in order', async () => {
    const { process: parent, gone, child } = await supervisor();
    parent.kill('SIGTERM');
    expect(await gone).toEqual([0, null]);
    expect(await isRunning(child)).toBe(false);
  });
});
