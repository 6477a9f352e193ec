// Bundles the programs whose start-up time counts, in place of their compiled files: the command line, because it is started for every
// command, the supervisor, because it comes before everything else and stays small for days, and the agent-runner, because its libraries
// are many small files.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './prepare.mjs';

// CommonJS packages inside a bundle call `require`, which an ES module does not have.
const requireBanner = `import { createRequire as stigmerCreateRequire } from 'node:module'; const require = stigmerCreateRequire(import.meta.url);`;

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
  banner: { js: requireBanner },
  // Native modules stay outside, and so does what loads its own files. The last three are CommonJS packages that are imported only when
  // they are needed, and such an import out of a bundle has no named exports.
  external: ['@temporalio/worker', '@temporalio/activity', '@temporalio/common', 'better-sqlite3', 're2', 'undici', 'yauzl', 'yaml'],
};

for (const program of ['cli', 'daemon', 'runner']) rmSync(join(root, 'dist', program), { recursive: true, force: true });
await build({ ...common, entryPoints: ['src/cli/main.ts'], outdir: 'dist/cli', splitting: true, chunkNames: 'chunks/[name]-[hash]' });
await build({ ...common, entryPoints: ['src/daemon/main.ts', 'src/daemon/foreground.ts'], outdir: 'dist/daemon', splitting: true, chunkNames: 'chunks/[name]-[hash]' });
await build({ ...common, entryPoints: { main: 'src/runner/main.ts' }, outdir: 'dist/runner' });
