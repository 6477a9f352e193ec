import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../contract/clock.js';
import { Code, ERROR_DOMAIN, failedPrecondition, invalidArgument, StigmerError } from '../contract/errors.js';
import type { ArtifactStore } from './ports.js';

const KEY = /^[a-z0-9-]+(\/[A-Za-z0-9._-]+)*$/;
const PREFIX = /^[a-z0-9-]+(\/[A-Za-z0-9._-]+)*\/?$/;
const MAX_KEY_LENGTH = 512;
const DOTS = /^\.{1,2}$/;

/** Where files are written before they get their name; no key begins so. */
const UNFINISHED = '.unfinished';
/** Age at which an unfinished file is nobody's any more. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** Files by key in a folder of this store's own, with 0600 and 0700. */
export class ArtifactFolder implements ArtifactStore {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the folder when it is missing, and removes what writers that died have left unfinished. */
  static async open(folder: string, clock: Clock): Promise<ArtifactFolder> {
    const unfinished = join(folder, UNFINISHED);
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
    for (const name of await readdir(unfinished)) {
      const file = join(unfinished, name);
      const { mtimeMs } = (await absentAs(undefined, stat(file))) ?? { mtimeMs: clock.now() };
      if (clock.now() - mtimeMs > ABANDONED_MS) await rm(file, { force: true });
    }
    return new ArtifactFolder(folder);
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    const file = this.#fileOf(key);
    const unfinished = join(this.#folder, UNFINISHED, randomBytes(12).toString('hex'));
    try {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await writeThrough(unfinished, bytes);
      await rename(unfinished, file);
      await syncFolder(dirname(file));
    } catch (error) {
      await rm(unfinished, { force: true });
      throw artifactError(error, key);
    }
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return absentAs(undefined, readFile(this.#fileOf(key)));
  }

  async delete(key: string): Promise<void> {
    await absentAs(undefined, rm(this.#fileOf(key)));
  }

  async list(prefix: string): Promise<readonly string[]> {
    if (prefix !== '' && (!PREFIX.test(prefix) || hasDots(prefix))) throw invalidArgument('prefix', 'must be the beginning of an artifact key');
    const base = prefix.includes('/') ? prefix.slice(0, prefix.lastIndexOf('/') + 1) : '';
    const keys = await this.#keysUnder(base);
    return keys.filter((key) => key.startsWith(prefix)).sort();
  }

  async #keysUnder(base: string): Promise<string[]> {
    const entries = await absentAs([], readdir(join(this.#folder, base), { withFileTypes: true }));
    const keys: string[] = [];
    for (const entry of entries) {
      const key = base + entry.name;
      if (entry.isDirectory() && key !== UNFINISHED) keys.push(...(await this.#keysUnder(`${key}/`)));
      else if (entry.isFile()) keys.push(key);
    }
    return keys;
  }

  #fileOf(key: string): string {
    if (key.length > MAX_KEY_LENGTH || !KEY.test(key) || hasDots(key)) {
      throw invalidArgument('key', `must match ${KEY.source}, with no part '.' or '..', and have ${MAX_KEY_LENGTH} characters at most`);
    }
    return join(this.#folder, key);
  }
}

function hasDots(key: string): boolean {
  return key.split('/').some((part) => DOTS.test(part));
}

/** The file is on disk when this resolves. */
async function writeThrough(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A new name is on disk only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function absentAs<T, U>(absent: U, result: Promise<T>): Promise<T | U> {
  try {
    return await result;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return absent;
    throw error;
  }
}

function artifactError(error: unknown, key: string): StigmerError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const info = { type: 'ErrorInfo' as const, reason: code, domain: ERROR_DOMAIN, metadata: { key } };
    return new StigmerError(Code.RESOURCE_EXHAUSTED, `the artifact ${key} cannot be written: the disk is full. Free space.`, {
      details: [info],
      cause: error,
    });
  }
  if (code === 'EISDIR' || code === 'ENOTDIR' || code === 'EEXIST' || code === 'ENOTEMPTY') {
    return failedPrecondition(`the artifact ${key} cannot be written: another key stands in its way`, { cause: error });
  }
  return StigmerError.from(new Error(`the artifact ${key} cannot be written: ${message}`, { cause: error }));
}
