// `npm run bench [-- SECTION …]`: builds what is measured and the bench's own programs, and prints its table.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build as bundle } from 'esbuild';
import { build, install, requireNode, root } from './prepare.mjs';

requireNode();
// With --no-build the bench takes what is there: a build of another state of the sources, to compare with.
if (!process.argv.includes('--no-build')) {
  install();
  build();
}

// Below node_modules, so that what stays outside of the bundles is found.
const out = join(root, 'node_modules', '.cache', 'stigmer', `bench-${process.pid}`);
mkdirSync(out, { recursive: true });
try {
  const programs = ['main', 'floors/bare-server', 'floors/commit', 'load/unary', 'load/reporters', 'load/fan-out', 'load/tokens', 'system/collect-garbage'];
  await bundle({
    absWorkingDir: root,
    entryPoints: programs.map((name) => `bench/${name}.ts`),
    outbase: 'bench',
    outdir: out,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    logLevel: 'warning',
  });
  const args = process.argv.slice(2).filter((arg) => arg !== '--no-build');
  const result = spawnSync(process.execPath, ['--enable-source-maps', join(out, 'main.js'), root, ...args], { stdio: 'inherit' });
  process.exitCode = result.status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
