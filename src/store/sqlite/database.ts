import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';

/** How a connection behaves. Plain data: it goes to the writer thread. */
export interface ConnectionOptions {
  readonly file: string;
  readonly busyTimeoutMs: number;
  readonly walCheckpointPages: number;
  /** 0 is no limit. */
  readonly maxDatabaseBytes: number;
}

/** Makes folder (0700) and file (0600) when they are missing. */
export function createFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** A connection that may change the database. Every commit is on disk when it returns. */
export function openForWriting(options: ConnectionOptions): Database.Database {
  const db = new Database(options.file, { timeout: options.busyTimeoutMs, fileMustExist: true });
  db.pragma('synchronous = FULL');
  // On macOS fsync leaves data in the drive's cache; elsewhere these change nothing.
  db.pragma('fullfsync = ON');
  db.pragma('checkpoint_fullfsync = ON');
  db.pragma('foreign_keys = ON');
  db.pragma('trusted_schema = OFF');
  db.pragma('cell_size_check = ON');
  db.pragma('temp_store = MEMORY');
  db.pragma(`wal_autocheckpoint = ${options.walCheckpointPages}`);
  if (options.maxDatabaseBytes > 0) {
    const pageSize = db.pragma('page_size', { simple: true }) as number;
    db.pragma(`max_page_count = ${Math.max(1, Math.floor(options.maxDatabaseBytes / pageSize))}`);
  }
  return db;
}

/** A connection that sees every commit and can make none. */
export function openForReading(options: ConnectionOptions): Database.Database {
  const db = new Database(options.file, { readonly: true, timeout: options.busyTimeoutMs });
  db.pragma('trusted_schema = OFF');
  db.pragma('cell_size_check = ON');
  return db;
}
