import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { dataLoss, failedPrecondition } from '../../contract/errors.js';
import { KEY_BYTES, type KeyRing } from './seal.js';

/** One line for each key: its version and the key in base64. */
const LINE = /^(\d{1,9}) ([A-Za-z0-9+/]{43}=)$/;

/** Modes that let others than the owner in. */
const OTHERS = 0o077;

/** The keys of the file, or undefined when there is no file. Throws FAILED_PRECONDITION or DATA_LOSS naming it. */
export function readKeyFile(file: string): KeyRing | undefined {
  let text: string;
  try {
    const { mode } = statSync(file);
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0');
      throw failedPrecondition(`the key file ${file} is open to others (mode ${octal}): chmod 600 ${file}`, {
        reason: 'KEY_FILE_OPEN',
        metadata: { file },
      });
    }
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const keys = new Map<number, Buffer>();
  for (const line of text.split('\n').filter(Boolean)) {
    const match = LINE.exec(line);
    if (!match) throw dataLoss(`the key file ${file} is damaged; restore it from a backup`, { reason: 'KEY_FILE_DAMAGED', metadata: { file } });
    keys.set(Number(match[1]), Buffer.from(match[2] as string, 'base64'));
  }
  if (keys.size === 0) throw dataLoss(`the key file ${file} is empty; restore it from a backup`, { reason: 'KEY_FILE_DAMAGED', metadata: { file } });
  return keys;
}

/** Makes the file with a first key, unless another process is faster: then the keys are that one's. */
export function createKeyFile(file: string): KeyRing {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const fresh = withKey(new Map(), 1);
  const temporary = writeTemporary(file, fresh);
  try {
    // Unlike a rename, a link does not replace a file that has appeared meanwhile.
    linkSync(temporary, file);
    syncFolder(file);
    return fresh;
  } catch (error) {
    const made = (error as NodeJS.ErrnoException).code === 'EEXIST' ? readKeyFile(file) : undefined;
    if (!made) throw error;
    return made;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Replaces the keys of the file, at once. */
export function replaceKeyFile(file: string, ring: KeyRing): void {
  renameSync(writeTemporary(file, ring), file);
  syncFolder(file);
}

/** A ring with a new key of this version. */
export function withKey(ring: KeyRing, version: number): KeyRing {
  return new Map([...ring, [version, randomBytes(KEY_BYTES)]]);
}

function writeTemporary(file: string, ring: KeyRing): string {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  const descriptor = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(descriptor, [...ring].map(([version, key]) => `${version} ${key.toString('base64')}\n`).join(''));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return temporary;
}

/** A new name is on disk only when its folder is. */
function syncFolder(file: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(dirname(file), 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
