import { existsSync, renameSync, rmSync } from 'node:fs';
import { failedPrecondition } from '../contract/errors.js';
import { type ConnectionOptions, createFile, openForReading } from './sqlite/database.js';
import { sqliteError } from './sqlite/sqlite-error.js';

/** Pages that are copied between two turns of the event loop. */
const PAGES_PER_TURN = 256;

/** Copies the database as it is now; writes go on meanwhile. `file` appears when it is whole. */
export async function backUp(connection: ConnectionOptions, file: string): Promise<void> {
  if (existsSync(file)) throw failedPrecondition(`${file} already exists: a backup does not replace a file`);
  const unfinished = `${file}.unfinished`;
  rmSync(unfinished, { force: true });
  createFile(unfinished);
  const source = openForReading(connection);
  try {
    // An open read transaction keeps the state that is copied; without it the copy would begin anew with every commit.
    source.exec('BEGIN');
    source.prepare('SELECT count(*) FROM meta').get();
    await source.backup(unfinished, { progress: () => PAGES_PER_TURN });
    renameSync(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw sqliteError(error, connection.file);
  } finally {
    source.close();
  }
}
