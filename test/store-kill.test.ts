import { spawn } from 'node:child_process';
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storeFolder, textsOf } from './support/temp-store.js';

const root = resolve(import.meta.dirname, '..');
/** Within the repository, so that the programs find their packages. */
const programs = join(root, 'node_modules', '.cache', 'stigmer', `kill-${randomUUID()}`);

beforeAll(async () => {
  await mkdir(programs, { recursive: true });
  await writeFile(join(programs, 'package.json'), '{ "type": "module" }');
  await build({
    entryPoints: { appends: join(root, 'test/support/endless-appends.ts'), worker: join(root, 'src/store/writer/worker.ts') },
    outdir: programs,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['better-sqlite3'],
  });
});

afterAll(() => rm(programs, { recursive: true, force: true }));

/** Runs the program, and kills it when it has printed so many lines; gives the last acknowledged revision of each execution. */
async function appendUntilKilled(folder: string, ids: readonly string[], lines: number): Promise<Map<string, number>> {
  const child = spawn(process.execPath, [join(programs, 'appends.js'), folder, ...ids], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.split('\n').length > lines) child.kill('SIGKILL');
  });
  const [, signal] = (await exited) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  return new Map(
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split(' '))
      .map(([id, revision]) => [id!, Number(revision)]),
  );
}

describe('kill -9 in the middle of writes', () => {
  it('loses no acknowledged append and leaves none half written, with two processes on one file', async () => {
    const place = await storeFolder();
    const file = join(place.folder, 'stigmer.db');
    const own = [0, 1].map((process) => Array.from({ length: 8 }, (_, i) => `aex-${process}-${i}`));
    const options = { file, keyFile: join(place.folder, 'secrets.key'), artifactsDir: join(place.folder, 'artifacts') };
    // In the first round both find nothing, and make the database.
    for (let round = 0; round < 6; round++) {
      const acknowledged = await Promise.all(own.map((ids) => appendUntilKilled(place.folder, ids, randomInt(1, 400))));
      const store = await place.open(options);
      expect([store.problems, [...store.damaged]]).toEqual([[], []]);
      for (const id of own.flat()) {
        const { revision } = (await store.executions.head(id))!;
        expect(revision).toBeGreaterThanOrEqual(Math.max(...acknowledged.map((revisions) => revisions.get(id) ?? 0)));
        const texts = textsOf(await store.executions.read(id, 0, 100_000));
        expect(texts).toEqual(Array.from({ length: revision }, (_, i) => `${id} ${i + 1} ${'x'.repeat((i + 1) % 700)}`));
        const snapshot = await store.executions.snapshot(id);
        expect(snapshot && Buffer.from(snapshot.state).toString()).toBe(snapshot && `state of ${id} at ${snapshot.revision}`);
      }
      await store.close();
    }
  });
});
