import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Entry, fromBufferPromise } from 'yauzl';
import { failedPrecondition } from '../../contract/errors.js';

/** What a skill brings along. */
export interface SkillFiles {
  /** Names the version: the same files for ever. Letters, digits, dots, underscores and hyphens. */
  readonly version: string;
  /** ZIP file, or undefined for a skill that is its text alone. */
  readonly archive: Uint8Array | undefined;
  /** SKILL.md, for a skill without an archive. */
  readonly text: string;
}

/** Most files of a skill, and most bytes of them unpacked. */
const mostFiles = 10_000;
const mostBytes = 500 * 1024 * 1024;

/**
 * Unpacks a skill under `root`, once for all runs on this machine, and gives its folder. Scripts in it can be executed, nothing in it
 * can be changed. Throws StigmerError FAILED_PRECONDITION for an archive that leads out of its folder, holds links or is too large.
 */
export async function skillFolder(root: string, skill: SkillFiles): Promise<string> {
  const folder = join(root, skill.version);
  if (await exists(folder)) return folder;
  const part = join(root, `.${skill.version}.${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(part, { recursive: true });
    if (skill.archive === undefined) await writeFile(join(part, 'SKILL.md'), skill.text, { mode: 0o444 });
    else await unpack(skill.archive, part);
    await rename(part, folder);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    // Another run was faster: the files are the same.
    if (!(await exists(folder))) throw error;
  }
  return folder;
}

async function unpack(archive: Uint8Array, folder: string): Promise<void> {
  const zip = await fromBufferPromise(Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength), { strictFileNames: true }).catch(
    (error: unknown) => {
      throw refused(`it is no ZIP file: ${(error as Error).message}`);
    },
  );
  if (zip.entryCount > mostFiles) throw refused(`it holds ${zip.entryCount} files, the limit is ${mostFiles}`);
  let bytes = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      bytes += entry.uncompressedSize;
      if (bytes > mostBytes) throw refused(`it unpacks to more than ${mostBytes} bytes`);
      if (isLink(entry)) throw refused(`${JSON.stringify(entry.fileName)} is a link`);
      const target = join(folder, normalize(entry.fileName));
      if (!target.startsWith(`${folder}/`)) throw refused(`${JSON.stringify(entry.fileName)} leads out of its folder`);
      if (entry.fileName.endsWith('/')) {
        await mkdir(target, { recursive: true });
        continue;
      }
      await mkdir(dirname(target), { recursive: true });
      const mode = /\.(sh|py|js|ts|rb|pl)$/.test(target) ? 0o555 : 0o444;
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target, { mode, flags: 'wx' }));
    }
  } catch (error) {
    throw error instanceof Error && error.name === 'StigmerError' ? error : refused((error as Error).message);
  }
}

/** Unix keeps the file's type in the upper half of the attributes. */
function isLink({ externalFileAttributes }: Entry): boolean {
  return ((externalFileAttributes >>> 16) & 0o170000) === 0o120000;
}

function refused(why: string): Error {
  return failedPrecondition(`The archive of the skill cannot be used: ${why}.`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
