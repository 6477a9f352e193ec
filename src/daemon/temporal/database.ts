import { constants } from 'node:fs';
import { copyFile, readFile, rename, stat, writeFile } from 'node:fs/promises';

/** The files that SQLite may keep beside a database; a copy is whole only with those that are there. */
const COMPANIONS = ['-wal', '-shm', '-journal'];

/**
 * Makes a database file ready to be opened by this version of the Temporal CLI. A stamp beside it (`<file>.version`) tells which
 * version used it last. Versions are not promised to read each other's files, so before another one opens it the file is copied to
 * `<file>.<old version>.bak` (one copy per old version), and `notice` says so. Nobody may have the database open meanwhile.
 */
export async function prepareDatabase(file: string, version: string, notice: (text: string) => void): Promise<void> {
  const stamp = `${file}.version`;
  const old = (await readIfThere(stamp))?.trim();
  if (old === version) return;
  if (await isThere(file)) {
    const backup = `${file}.${(old ?? 'unknown').replaceAll(/[^\w.-]/g, '_')}.bak`;
    // The main file last: where it stands, the copy is complete.
    for (const companion of [...COMPANIONS, '']) {
      if (!(await isThere(`${file}${companion}`))) continue;
      await copyFile(`${file}${companion}`, `${backup}.part`, constants.COPYFILE_FICLONE);
      await rename(`${backup}.part`, `${backup}${companion}`);
    }
    notice(`Temporal's database was last used by version ${old ?? 'unknown'} and is now opened by ${version}; a copy from before is kept: ${backup}`);
  }
  await writeFile(`${stamp}.part`, `${version}\n`);
  await rename(`${stamp}.part`, stamp);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  return (await isThere(path)) ? readFile(path, 'utf8') : undefined;
}
