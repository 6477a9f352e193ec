// What a fresh clone lacks, made on demand: the installed packages and the build. Used by `npm start` and `npm test`, so it stands
// on Node alone.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const minimumNode = [20, 19];

/** Ends the program with a sentence when this Node is too old. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > minimumNode[0] || (major === minimumNode[0] && minor >= minimumNode[1])) return;
  console.error(`stigmer needs Node ${minimumNode.join('.')} or newer, this is ${process.versions.node}. Install a newer one and run the command again.`);
  process.exit(1);
}

/** Installs the packages of the lock file unless they are there. */
export function install() {
  const wanted = digest([join(root, 'package-lock.json'), join(root, 'package.json')], process.versions.modules);
  const stamp = join(root, 'node_modules', '.stigmer-installed');
  if (read(stamp) === wanted) return;
  console.log('Installing packages (better-sqlite3 is compiled where no prebuilt binary can be had: one to two minutes) …');
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: 'inherit', env: installEnvironment() });
  if (result.status !== 0) {
    console.error('The packages could not be installed. better-sqlite3 needs python3, make and g++ where no prebuilt binary can be had:');
    for (const [tool, hint] of [['python3', 'python3'], ['make', 'make'], ['g++', 'g++']]) {
      if (spawnSync(tool, ['--version'], { stdio: 'ignore' }).status !== 0) console.error(`  ${tool} is missing: install the package ${hint} of your system`);
    }
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}

/** Builds dist/ unless it was built from these very sources. */
export function build() {
  const wanted = digest([...sources('src'), ...sources('proto'), ...sources('scripts'), join(root, 'package.json')], '');
  const stamp = join(root, 'dist', '.built-from');
  if (read(stamp) === wanted) return;
  console.log('Building …');
  run('node', ['scripts/build.mjs']);
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** Runs a command in the project's root with its output shown; ends the program when it fails. */
export function run(command, args, environment = process.env) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: environment });
  if (result.error) throw result.error;
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** better-sqlite3 compiles without a download when npm knows where this Node's headers are. */
function installEnvironment() {
  const prefix = dirname(dirname(process.execPath));
  const known = process.env.npm_config_nodedir ?? '';
  if (known !== '' || !existsSync(join(prefix, 'include', 'node', 'node.h'))) return process.env;
  return { ...process.env, npm_config_nodedir: prefix };
}

function sources(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes(join('contract', 'gen')) && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function digest(files, extra) {
  const hash = createHash('sha256').update(extra);
  for (const file of files) hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
