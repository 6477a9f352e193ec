import { buildSync } from 'esbuild';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ProgramProcess } from './program-process.js';

const root = resolve(import.meta.dirname, '..', '..');

/** The agent-runner, bundled from its sources as the build does it. */
export interface RunnerBundle {
  start(env: Readonly<Record<string, string>>): ProgramProcess;
  remove(): void;
}

/** A second or two, so once per test file. */
export function bundleRunner(): RunnerBundle {
  const folder = mkdtempSync(join(tmpdir(), 'stigmer-runner-bundle-'));
  mkdirSync(join(folder, 'dist'));
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  buildSync({
    absWorkingDir: root,
    entryPoints: { main: 'src/runner/main.ts' },
    outdir: join(folder, 'dist', 'runner'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['@temporalio/worker', '@temporalio/activity', '@temporalio/common'],
    banner: { js: `import { createRequire as stigmerCreateRequire } from 'node:module'; const require = stigmerCreateRequire(import.meta.url);` },
  });
  return {
    start: (env) => new ProgramProcess(join(folder, 'dist', 'runner', 'main.js'), env),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
