import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failedPrecondition } from '../../contract/errors.js';
import type { Caller } from '../rpc.js';

/** Knows whose token is whose. */
export interface TokenBook {
  /** The caller that a token belongs to; undefined when it is nobody's. Compares hashes in constant time. */
  callerOf(token: string): Caller | undefined;
}

export interface TokenBookOptions {
  /** Folder with one file per token. `user` is the local user's, `worker` the workflow worker's, every other name a runner's. */
  readonly directory: string;
  /** The local user's name, for audit fields. */
  readonly userName: string;
  /** Called for a file that appears later and can be read by others; its token does not count. */
  readonly onUnsafeFile: (path: string) => void;
}

interface Entry {
  readonly hash: Buffer;
  readonly caller: Caller;
}

/** Opens the folder of tokens; makes it, and the user's token, when they are missing. Throws when a file can be read by others. */
export function openTokenBook(options: TokenBookOptions): TokenBook {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  createToken(join(options.directory, 'user'));
  let entries = readTokens(options, (path) => {
    throw failedPrecondition(`The token file ${path} can be read by others. Take that away with: chmod 600 ${path}`);
  });
  let changedAt = changeOf(options.directory);

  function find(hash: Buffer): Caller | undefined {
    let found: Caller | undefined;
    for (const entry of entries) if (timingSafeEqual(entry.hash, hash)) found = entry.caller;
    return found;
  }

  return {
    callerOf(token) {
      const hash = hashOf(token);
      const known = find(hash);
      if (known !== undefined) return known;
      // The supervisor adds runners while the server runs.
      const change = changeOf(options.directory);
      if (change === changedAt) return undefined;
      changedAt = change;
      entries = readTokens(options, options.onUnsafeFile);
      return find(hash);
    },
  };
}

/** Changes whenever a file is added or removed. */
function changeOf(directory: string): bigint {
  return statSync(directory, { bigint: true }).mtimeNs;
}

/** Writes a new token, 32 random bytes in hexadecimal, unless the file is there. */
export function createToken(path: string): void {
  try {
    writeFileSync(path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function readTokens(options: TokenBookOptions, onUnsafeFile: (path: string) => void): readonly Entry[] {
  return readdirSync(options.directory).flatMap((name) => {
    const path = join(options.directory, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || !stats.isFile()) return [];
    if ((stats.mode & 0o077) !== 0) {
      onUnsafeFile(path);
      return [];
    }
    const token = readFileSync(path, 'utf8').trim();
    return /^[0-9a-f]{64}$/.test(token) ? [{ hash: hashOf(token), caller: callerNamed(name, options.userName) }] : [];
  });
}

function callerNamed(fileName: string, userName: string): Caller {
  if (fileName === 'user') return { kind: 'user', name: userName };
  if (fileName === 'worker') return { kind: 'worker', name: 'worker' };
  return { kind: 'runner', name: fileName };
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
