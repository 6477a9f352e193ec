import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { Plugin } from 'vitest/config';

const writer = resolve(import.meta.dirname, '..', '..', 'src', 'store', 'writer');
const cache = resolve(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'stigmer');

/**
 * Node cannot run a worker thread from TypeScript sources. Under vitest, `worker-entry.ts` names a bundle of `worker.ts` instead of
 * the compiled file beside it; a test that opens a store needs nothing else.
 */
export function storeWorkerPlugin(): Plugin {
  return {
    name: 'stigmer-store-worker',
    async transform(_code, id) {
      if (id !== join(writer, 'worker-entry.ts')) return undefined;
      return `export const workerEntry = new URL(${JSON.stringify(pathToFileURL(await bundleWorker()).href)});`;
    },
  };
}

/** The bundle's name has its content's hash, so that test runs at the same time do not disturb each other. */
async function bundleWorker(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(writer, 'worker.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['better-sqlite3'],
    write: false,
  });
  const { contents } = outputFiles[0]!;
  const file = join(cache, `store-worker-${createHash('sha256').update(contents).digest('hex').slice(0, 16)}.mjs`);
  mkdirSync(dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, contents);
  renameSync(unfinished, file);
  return file;
}
