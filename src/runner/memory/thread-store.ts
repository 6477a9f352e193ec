import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { dataLoss } from '../../contract/errors.js';

/** Keeps what the agents of a thread remember: one text for each thread, the latest. */
export interface ThreadStore {
  /** Undefined for a thread that has nothing yet. */
  load(threadId: string): Promise<string | undefined>;
  save(threadId: string, memory: string): Promise<void>;
  delete(threadId: string): Promise<void>;
}

/** A store in files of a folder, for this machine alone. A save is there as a whole or not at all; nobody but the owner reads it. */
export function fileThreadStore(folder: string): ThreadStore {
  // A thread's id comes from outside, and must not become a path.
  const fileOf = (threadId: string): string => join(folder, `${createHash('sha256').update(threadId).digest('hex')}.json`);
  return {
    async load(threadId) {
      try {
        return await readFile(fileOf(threadId), 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw dataLoss(`The memory of the session (${fileOf(threadId)}) cannot be read: ${(error as Error).message}`, { cause: error });
      }
    },
    async save(threadId, memory) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = fileOf(threadId);
      const part = `${file}.part`;
      const handle = await open(part, 'w', 0o600);
      try {
        await handle.writeFile(memory);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(part, file);
    },
    delete: (threadId) => rm(fileOf(threadId), { force: true }),
  };
}
