import { mkdirSync, mkdtempSync, copyFileSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client, credentials, Metadata, type ClientOptions } from '@grpc/grpc-js';
import { buildSync } from 'esbuild';
import { ProgramProcess } from './program-process.js';
import { until } from './rpc.js';

const root = resolve(import.meta.dirname, '..', '..');

/** The server's program, bundled from its sources. */
export interface ServerProgram {
  /** Starts it on free ports, with nothing where Temporal should be, unless `env` says otherwise. */
  start(env: Readonly<Record<string, string>>): ProgramProcess;
  remove(): void;
}

/** A second or two, so once per test file. */
export function bundleServer(): ServerProgram {
  const folder = mkdtempSync(join(tmpdir(), 'stigmer-server-bundle-'));
  const dist = join(folder, 'dist');
  mkdirSync(dist);
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const name of ['proto', 'third_party']) symlinkSync(join(root, name), join(dist, name));
  buildSync({
    absWorkingDir: root,
    // The writer thread's file is looked for beside whatever names it.
    entryPoints: { main: 'src/server/main.ts', worker: 'src/store/writer/worker.ts' },
    outdir: join(dist, 'server'),
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
  return {
    start: (env) =>
      new ProgramProcess(join(dist, 'server', 'main.js'), { GRPC_PORT: '0', HTTP_PORT: '0', TEMPORAL_SERVICE_ADDRESS: '127.0.0.1:1', ...env }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface Ports {
  readonly grpc: number;
  readonly http: number;
}

/** The ports that a server says it listens at. */
export async function portsOf(server: ProgramProcess): Promise<Ports> {
  const found = (): Ports | undefined => server.lines.find((line) => 'listening' in line)?.['listening'] as Ports | undefined;
  await until(() => {
    if (server.process.exitCode !== null) throw new Error(`the server ended: ${server.errors}`);
    return found() !== undefined;
  });
  return found()!;
}

export function clientOf({ grpc }: Ports, options: ClientOptions = {}): Client {
  return new Client(`127.0.0.1:${grpc}`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1, ...options });
}

export function userToken(stateDir: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${readFileSync(join(stateDir, 'tokens', 'user'), 'utf8').trim()}`);
  return metadata;
}
