// Makes a base image of this machine's Node and the libraries that it needs, without a registry: for tests, where none can be reached.
//   node scripts/import-base-image.mjs TAG [--engine docker]
// What is not there by `ldd` of Node is what Temporal's native part loads, names and certificates.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({ options: { engine: { type: 'string', default: 'docker' } }, allowPositionals: true });
const [tag] = positionals;
if (tag === undefined) throw new Error('usage: node scripts/import-base-image.mjs TAG [--engine docker]');

const rootfs = mkdtempSync(join(tmpdir(), 'stigmer-base-'));
try {
  for (const folder of ['usr/bin', 'etc/ssl/certs', 'tmp', 'workspace', 'run', 'proc', 'sys', 'dev']) mkdirSync(join(rootfs, folder), { recursive: true });
  chmodSync(join(rootfs, 'tmp'), 0o1777);
  symlinkSync('usr/bin', join(rootfs, 'bin'));
  program(realpathSync(process.execPath), 'node');
  for (const name of ['sh', 'cat', 'env', 'ls', 'sleep']) program(realpathSync(which(name)), name);
  for (const name of ['librt.so.1', 'libresolv.so.2', 'libutil.so.1', 'libanl.so.1', 'libnss_files.so.2', 'libnss_dns.so.2', 'libgcc_s.so.1']) library(name);
  writeFileSync(join(rootfs, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\nstigmer:x:1000:1000::/workspace:/bin/sh\n');
  writeFileSync(join(rootfs, 'etc/group'), 'root:x:0:\nstigmer:x:1000:\n');
  writeFileSync(join(rootfs, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  const certificates = '/etc/ssl/certs/ca-certificates.crt';
  if (existsSync(certificates)) copyFileSync(certificates, join(rootfs, certificates));
  const tar = execFileSync('tar', ['-C', rootfs, '-cf', '-', '.'], { maxBuffer: 1024 ** 3 });
  const result = spawnSync(values.engine, ['import', '-', tag], { input: tar, stdio: ['pipe', 'inherit', 'inherit'] });
  process.exitCode = result.status ?? 1;
} finally {
  rmSync(rootfs, { recursive: true, force: true });
}

function which(name) {
  const folder = process.env.PATH.split(':').find((candidate) => existsSync(join(candidate, name)));
  if (folder === undefined) throw new Error(`there is no program ${name} on the PATH`);
  return join(folder, name);
}

function program(path, name) {
  cpSync(path, join(rootfs, 'usr/bin', name));
  for (const line of execFileSync('ldd', [path], { encoding: 'utf8' }).split('\n')) {
    const file = /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1];
    if (file !== undefined) place(file);
  }
}

function library(name) {
  const line = execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' }).split('\n').find((entry) => entry.trim().startsWith(`${name} `) && /x86-64|AArch64|aarch64/.test(entry));
  const file = line?.split('=> ')[1];
  if (file !== undefined) place(file);
}

function place(file) {
  const target = join(rootfs, file);
  mkdirSync(dirname(target), { recursive: true });
  if (!existsSync(target)) copyFileSync(realpathSync(file), join(dirname(target), basename(file)));
}
