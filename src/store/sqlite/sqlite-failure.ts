/** A result code of SQLite by name, such as SQLITE_FULL, and its message. */
export interface SqliteFailure {
  readonly code: string;
  readonly message: string;
}

/** Code and message of an error of better-sqlite3; undefined for any other error. */
export function sqliteFailure(error: unknown): SqliteFailure | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string' || !error.code.startsWith('SQLITE_')) return undefined;
  return { code: error.code, message: error.message };
}
