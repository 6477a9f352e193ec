import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { binaryVersion } from './binary-version.js';
import type { Way } from './way.js';

/** A `temporal` on the PATH, whatever its version. */
export const binaryOnPath: Way = {
  name: 'PATH',
  async find({ env }) {
    const path = await findOnPath('temporal', env['PATH'] ?? '');
    if (path === undefined) return { skipped: 'no program `temporal` on it' };
    try {
      return { path, version: await binaryVersion(path, env) };
    } catch (error) {
      return { skipped: `${path} cannot be used: ${error instanceof Error ? error.message : String(error)}` };
    }
  },
};

/** The first executable file of this name. Relative entries of PATH are passed over: they depend on where one happens to stand. */
async function findOnPath(program: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    if (!folder.startsWith('/')) continue;
    const file = join(folder, program);
    try {
      await access(file, constants.X_OK);
      if ((await stat(file)).isFile()) return file;
    } catch {
      // Not there, or not for us to run: the next folder may have it.
    }
  }
  return undefined;
}
