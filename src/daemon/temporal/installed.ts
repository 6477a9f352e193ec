import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256OfFile } from './hashing.js';
import { TEMPORAL_VERSION } from './pins.js';
import type { Skipped, TemporalBinary, Way } from './way.js';

/** What stands beside an installed binary: what it was when it was verified. */
interface InstallStamp {
  readonly version: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  /** Where it came from, for a person. */
  readonly source: string;
}

/** The copy that an earlier start has installed under the state folder. */
export const installedBinary: Way = {
  name: 'installed copy',
  find: ({ stateDir }) => findInstalled(stateDir),
};

/** Folder of the installed copy. */
export function installFolder(stateDir: string): string {
  return join(stateDir, 'bin', `temporal-${TEMPORAL_VERSION}`);
}

/** Path of the installed copy in its folder. */
export function binaryPath(folder: string): string {
  return join(folder, 'temporal');
}

/**
 * The installed copy when it is still what was verified at its installation: by size and time of change, or, when these differ
 * (copied, restored, changed), by its hash.
 */
export async function findInstalled(stateDir: string): Promise<TemporalBinary | Skipped> {
  const folder = installFolder(stateDir);
  const path = binaryPath(folder);
  const stamp = await readStamp(folder);
  const file = await statIfThere(path);
  if (stamp === undefined || file === undefined) return { skipped: `none in ${folder}` };
  if (stamp.version !== TEMPORAL_VERSION) return { skipped: `${folder} holds version ${stamp.version}` };
  if (file.size !== stamp.bytes || file.mtimeMs !== stamp.mtimeMs) {
    const sha256 = await sha256OfFile(path);
    if (sha256 !== stamp.sha256) return { skipped: `${path} was changed since it was installed (SHA-256 ${sha256}, expected ${stamp.sha256})` };
    await writeStamp(folder, stamp.sha256, stamp.source);
  }
  return { path, version: stamp.version };
}

/** Notes that the binary in `folder` has been verified and has this hash. */
export async function writeStamp(folder: string, sha256: string, source: string): Promise<void> {
  const { size, mtimeMs } = await stat(binaryPath(folder));
  const stamp: InstallStamp = { version: TEMPORAL_VERSION, sha256, bytes: size, mtimeMs, source };
  const file = stampPath(folder);
  await writeFile(`${file}.part`, `${JSON.stringify(stamp, null, 2)}\n`);
  await rename(`${file}.part`, file);
}

function stampPath(folder: string): string {
  return join(folder, 'temporal.json');
}

async function readStamp(folder: string): Promise<InstallStamp | undefined> {
  try {
    return JSON.parse(await readFile(stampPath(folder), 'utf8')) as InstallStamp;
  } catch (error) {
    // A damaged stamp verifies nothing, which is the same as none.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function statIfThere(path: string): Promise<{ size: number; mtimeMs: number } | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
