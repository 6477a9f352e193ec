import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { inheritedEnv } from '../supervision/inherited-env.js';

/**
 * Asks a binary for its version.
 *
 * @throws Error when it cannot be run, or is another program that happens to have the name
 */
export async function binaryVersion(path: string, env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ['--version'], { env: inheritedEnv(env), timeout: 10_000 });
  const version = /^temporal version (\S+)/.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`${path} --version answers "${stdout.trim().slice(0, 80)}", so it is not the Temporal CLI`);
  return version;
}
