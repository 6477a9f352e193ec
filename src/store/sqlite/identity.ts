import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import Database from 'better-sqlite3';
import { failedPrecondition, type StigmerError } from '../../contract/errors.js';
import { sqliteError } from './sqlite-error.js';

/** `PRAGMA application_id` of our databases: "stgm". */
export const APPLICATION_ID = 0x7374676d;

const MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 72;
const APPLICATION_ID_OFFSET = 68;

/**
 * Refuses a file that another program made, before anything in it is touched. A missing or empty file passes: it is to become ours.
 * Throws FAILED_PRECONDITION naming the file.
 */
export function assertOurs(file: string): void {
  if (!existsSync(file)) return;
  const id = existsSync(`${file}-shm`) ? idOfOpenDatabase(file) : idInHeader(file);
  if (id !== undefined && id !== APPLICATION_ID) throw foreign(file, 'an SQLite database of another program');
}

/** Through SQLite, which is the only safe way when this process may have the file open: closing any descriptor drops its locks. */
function idOfOpenDatabase(file: string): number {
  try {
    const db = new Database(file, { readonly: true });
    try {
      return db.pragma('application_id', { simple: true }) as number;
    } finally {
      db.close();
    }
  } catch (error) {
    throw sqliteError(error, file);
  }
}

/** From the bytes, which leaves a stranger's file exactly as it was: SQLite would put its write-ahead log beside it. */
function idInHeader(file: string): number | undefined {
  const header = Buffer.alloc(HEADER_BYTES);
  const descriptor = openSync(file, 'r');
  try {
    const length = readSync(descriptor, header, 0, HEADER_BYTES, 0);
    if (length === 0) return undefined;
    if (length < HEADER_BYTES || header.toString('latin1', 0, MAGIC.length) !== MAGIC) throw foreign(file, 'no SQLite database');
    return header.readUInt32BE(APPLICATION_ID_OFFSET);
  } finally {
    closeSync(descriptor);
  }
}

function foreign(file: string, what: string): StigmerError {
  return failedPrecondition(
    `${file} is ${what}, not a state database of this stigmer; it was left as it is. Choose another state folder, or move the file away.`,
    { reason: 'FOREIGN_DATABASE', metadata: { file } },
  );
}
