import { randomUUID } from 'node:crypto';
import type { Clock } from '../contract/clock.js';
import { ArtifactFolder } from './artifacts.js';
import type { Store, StoreMaintenance } from './ports.js';
import { checkIntegrity } from './recovery.js';
import { Vault } from './secrets/vault.js';
import { defaultStoreSettings, type StoreSettings } from './settings.js';
import { type ConnectionOptions, createFile, openForReading, openForWriting } from './sqlite/database.js';
import { assertOurs } from './sqlite/identity.js';
import { LogReader } from './sqlite/log.js';
import { migrate } from './sqlite/migrations.js';
import { sqliteError } from './sqlite/sqlite-error.js';
import { Statements } from './sqlite/statements.js';
import { SqliteStore } from './sqlite-store.js';
import { Tail } from './tail.js';
import { Writer } from './writer/writer.js';

export interface StoreOptions {
  /** The database. Made, with its folder, when it is missing. */
  readonly file: string;
  readonly artifactsDir: string;
  /** Keys that secrets are sealed with. Made when neither it nor a sealed value exists. */
  readonly keyFile: string;
  readonly clock: Clock;
  readonly settings?: Partial<StoreSettings>;
  /**
   * Told of what went wrong outside of any call: the log could not be read for the tail (it is tried again), a listener of the tail
   * threw. Left out, the error ends the process as an uncaught exception.
   */
  readonly onFault?: (error: unknown) => void;
}

/**
 * Opens the store on an SQLite file; several processes may do so at the same time. Brings the file to the newest version and checks
 * it; what is damaged stands in `damaged` and `problems`. Throws FAILED_PRECONDITION for a file of another program or a newer
 * version and for a key file that is missing or does not fit, DATA_LOSS for a file that cannot be read at all.
 */
export async function openStore(options: StoreOptions): Promise<Store & StoreMaintenance> {
  const { file, clock, onFault = raise } = options;
  const settings = { ...defaultStoreSettings, ...options.settings };
  const { busyTimeoutMs, walCheckpointPages, maxDatabaseBytes, busyRetries, maxPendingBytes, maxBatchBytes } = settings;
  const connection: ConnectionOptions = { file, busyTimeoutMs, walCheckpointPages, maxDatabaseBytes };

  prepareFile(connection);
  const db = openForReading(connection);
  const statements = new Statements(db, file);
  const log = new LogReader(statements);
  const tail = new Tail(log, clock, settings.tailPollMs, onFault);
  let writer: Writer | undefined;
  try {
    const problems = checkIntegrity(statements, log, settings.checkOnStart);
    writer = await Writer.start({
      connection,
      busyRetries,
      clock,
      maxPendingBytes,
      maxBatchBytes,
      onCommit: (writes) => tail.committed(writes),
    });
    const vault = await Vault.open(statements, options.keyFile, (ops) => writer!.submit(ops));
    const artifacts = await ArtifactFolder.open(options.artifactsDir, clock);
    return new SqliteStore({ db, connection, settings, statements, log, tail, writer, vault, artifacts, problems });
  } catch (error) {
    db.close();
    await writer?.close();
    throw sqliteError(error, file);
  }
}

/** Makes the file, or makes sure that it is ours, and brings it to the newest version. */
function prepareFile(connection: ConnectionOptions): void {
  const { file, busyTimeoutMs } = connection;
  assertOurs(file);
  createFile(file);
  try {
    const db = openForWriting(connection);
    try {
      migrate(db, file, busyTimeoutMs);
      db.prepare(`INSERT OR IGNORE INTO meta (name, value) VALUES ('log_id', ?)`).run(randomUUID());
    } finally {
      db.close();
    }
  } catch (error) {
    throw sqliteError(error, file);
  }
}

function raise(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
