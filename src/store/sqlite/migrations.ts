import type Database from 'better-sqlite3';
import { failedPrecondition } from '../../contract/errors.js';
import { APPLICATION_ID } from './identity.js';
import { schemaVersion1, schemaVersion2 } from './schema.js';

/** The step from each version to the next; a database's version is the number of steps it has behind it. Never changed, only added to. */
const steps: readonly string[] = [schemaVersion1, schemaVersion2];

const BUSY_WAIT_MS = 20;

/**
 * Brings a database to the newest version, each step in a transaction of its own. Two processes may do so at the same time: one
 * makes each step, the other finds it made. Throws FAILED_PRECONDITION for a database that a newer program has written.
 */
export function migrate(db: Database.Database, file: string, patienceMs: number): void {
  // The mark goes in before write-ahead logging is turned on, so that it stands in the file itself from the first commit on.
  if (applicationId(db) !== APPLICATION_ID) {
    // In one transaction: by itself the first of these commits a page without the mark, which another process would take for a stranger's.
    db.transaction(() => {
      db.pragma('auto_vacuum = INCREMENTAL');
      if (applicationId(db) !== APPLICATION_ID) db.pragma(`application_id = ${APPLICATION_ID}`);
    }).deferred();
  }
  patiently(patienceMs, () => db.pragma('journal_mode = WAL'));
  while (version(db) < steps.length) {
    db.transaction(() => {
      const from = version(db);
      const step = steps[from];
      if (step === undefined) return;
      db.exec(step);
      db.pragma(`user_version = ${from + 1}`);
    }).immediate();
  }
  if (version(db) > steps.length) {
    throw failedPrecondition(
      `${file} has version ${version(db)}, this program knows versions up to ${steps.length}: a newer stigmer has written it. Use that one.`,
      { reason: 'NEWER_DATABASE', metadata: { file } },
    );
  }
}

function applicationId(db: Database.Database): number {
  return db.pragma('application_id', { simple: true }) as number;
}

function version(db: Database.Database): number {
  return db.pragma('user_version', { simple: true }) as number;
}

/** SQLite does not wait by itself for the lock that changing the journal mode takes. */
function patiently(patienceMs: number, action: () => void): void {
  for (let waited = 0; ; waited += BUSY_WAIT_MS) {
    try {
      action();
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== 'SQLITE_BUSY' || waited >= patienceMs) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_WAIT_MS);
    }
  }
}
