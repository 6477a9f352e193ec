// `npm run images`: builds the image of the agent-runner, tagged with this package's version.
//   --engine COMMAND   docker (default) or podman
//   --base IMAGE       an image with Node 20 and glibc, in place of the Dockerfile's
//   --tag TAG          in place of stigmer/agent-runner:<version>
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { root, run } from './prepare.mjs';

const { values } = parseArgs({ options: { engine: { type: 'string', default: 'docker' }, base: { type: 'string' }, tag: { type: 'string' } } });
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

// CommonJS packages inside a bundle use these, which an ES module does not have.
const commonJsBanner = `import { createRequire as stigmerCreateRequire } from 'node:module';
import { dirname as stigmerDirname } from 'node:path';
import { fileURLToPath as stigmerFileURLToPath } from 'node:url';
const require = stigmerCreateRequire(import.meta.url), __filename = stigmerFileURLToPath(import.meta.url), __dirname = stigmerDirname(__filename);`;

/** Temporal's worker can bundle workflows, with all of webpack; the agent-runner has none. */
const withoutWorkflowBundler = {
  name: 'without-workflow-bundler',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(webpack|memfs|unionfs|swc-loader|@swc\/core|source-map-loader)(\/|$)/ }, ({ path }) => ({ path, namespace: 'nothing' }));
    onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'module.exports = {};' }));
  },
};

const context = mkdtempSync(join(tmpdir(), 'stigmer-image-'));
try {
  await assemble(join(context, 'app'));
  cpSync(join(root, 'docker', 'agent-runner', 'Dockerfile'), join(context, 'Dockerfile'));
  const base = values.base === undefined ? [] : ['--build-arg', `BASE=${values.base}`];
  run(values.engine, ['build', '--tag', values.tag ?? `stigmer/agent-runner:${version}`, '--label', `ai.stigmer.version=${version}`, ...base, context]);
} finally {
  rmSync(context, { recursive: true, force: true });
}

/** Everything in one file, since an engine copies few large files faster than many small ones; beside it what cannot be bundled. */
async function assemble(app) {
  const runner = join(app, 'dist', 'runner');
  mkdirSync(runner, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: { main: 'src/runner/main.ts' },
    outdir: runner,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'warning',
    banner: { js: commonJsBanner },
    external: ['*.node', 're2'],
    plugins: [withoutWorkflowBundler],
  });
  writeFileSync(join(app, 'package.json'), `${JSON.stringify({ name: 'stigmer', version, type: 'module' })}\n`);
  // Temporal's worker looks for it when it is loaded, and reads it only where workflows are bundled.
  writeFileSync(join(app, 'dist', 'workflow-log-interceptor.js'), '');
  const releases = join(root, 'node_modules', '@temporalio', 'core-bridge', 'releases');
  for (const target of readdirSync(releases).filter((name) => name === imageTarget())) cpSync(join(releases, target), join(runner, 'releases', target), { recursive: true });
}

/** What Temporal calls the platform that images for this machine have. */
function imageTarget() {
  return `${{ x64: 'x86_64', arm64: 'aarch64' }[process.arch] ?? process.arch}-unknown-linux-gnu`;
}
