import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** Bytes that a process has had written to disk; undefined where the system does not tell. */
export function writtenBy(pid: number): number | undefined {
  const file = `/proc/${pid}/io`;
  if (!existsSync(file)) return undefined;
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? Number.NaN);
}

/** Bytes of all values in a server's database, whatever its tables are: what is kept, without the file's own overhead. */
export function keptIn(stateDir: string): number {
  const database = new Database(join(stateDir, 'stigmer.db'), { readonly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").pluck().all() as string[];
    return tables.reduce((sum, table) => sum + bytesOf(database, table), 0);
  } finally {
    database.close();
  }
}

function bytesOf(database: Database.Database, table: string): number {
  const columns = database.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table) as string[];
  const lengths = columns.map((column) => `ifnull(length(CAST("${column}" AS BLOB)), 0)`);
  return Number(database.prepare(`SELECT ifnull(sum(${lengths.join(' + ')}), 0) FROM "${table}"`).pluck().get());
}
