import { randomBytes } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { type Home, tokenPath } from './home.js';

/**
 * Makes a token for each holder that has none: 32 random bytes in hexadecimal, in a file that only the user can read. They are there
 * before anything is started, so that no child has to wait for its own.
 */
export async function createTokens(home: Home, holders: readonly string[]): Promise<void> {
  for (const holder of holders) {
    const path = tokenPath(home, holder);
    try {
      await writeFile(path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      await chmod(path, 0o600);
    }
  }
}
