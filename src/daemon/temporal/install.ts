import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { waitForLock } from '../supervision/lock.js';
import { binaryPath, findInstalled, installFolder, writeStamp } from './installed.js';
import type { FindContext, Skipped, TemporalBinary } from './way.js';

/** Thrown by a fetch when this way does not lead to a binary; the text becomes the reason given for it. */
export class CannotFetch extends Error {
  override readonly name = 'CannotFetch';
}

/**
 * Installs the pinned version under the state folder. Of several processes one fetches, the others wait and use what it made; what
 * an interrupted one has left is removed.
 *
 * @param source what it came from, for the stamp
 * @param fetch  makes the executable at `file` (files of its own go into `folder`), verifies it and returns its SHA-256
 */
export async function installBinary(
  context: FindContext,
  source: string,
  fetch: (file: string, folder: string) => Promise<string>,
): Promise<TemporalBinary | Skipped> {
  const folder = installFolder(context.stateDir);
  await mkdir(folder, { recursive: true });
  const lock = await waitForLock(join(folder, 'install.lock'), 'an installation of Temporal', context.clock, context.signal);
  const work = join(folder, 'work');
  try {
    const there = await findInstalled(context.stateDir);
    if ('path' in there) return there;
    await rm(work, { recursive: true, force: true });
    await mkdir(work);
    const part = join(work, 'temporal');
    const sha256 = await fetch(part, work);
    await rename(part, binaryPath(folder));
    await writeStamp(folder, sha256, source);
    return await findInstalled(context.stateDir);
  } catch (error) {
    if (error instanceof CannotFetch) return { skipped: error.message };
    throw error;
  } finally {
    await rm(work, { recursive: true, force: true });
    await lock.release();
  }
}

/** The only file in `folder` whose name ends with `ending`. */
export async function onlyFile(folder: string, ending: string): Promise<string> {
  const [name, ...more] = (await readdir(folder)).filter((entry) => entry.endsWith(ending));
  if (name === undefined) throw new CannotFetch(`there is no ${ending} file in the download`);
  if (more.length > 0) throw new CannotFetch(`there are ${more.length + 1} ${ending} files in the download instead of one`);
  return join(folder, name);
}
