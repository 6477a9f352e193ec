import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { serve } from '../system/remote.js';
import { Samples, type Summary } from '../stats.js';

export interface CommitJob {
  readonly rowBytes: number;
  readonly rowsPerCommit: number;
  readonly milliseconds: number;
}

export interface CommitResult {
  readonly rowsPerSecond: number;
  readonly commitMs: Summary;
}

/** Commits rows one transaction after another, each on disk before the next: what no durable server can be faster than. */
function run({ rowBytes, rowsPerCommit, milliseconds }: CommitJob): CommitResult {
  const folder = mkdtempSync(join(tmpdir(), 'stigmer-bench-commit-'));
  try {
    const database = new Database(join(folder, 'floor.db'));
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.exec('CREATE TABLE log (id INTEGER PRIMARY KEY, data BLOB)');
    const insert = database.prepare('INSERT INTO log (data) VALUES (?)');
    const data = Buffer.alloc(rowBytes, 120);
    const commit = database.transaction(() => {
      for (let row = 0; row < rowsPerCommit; row += 1) insert.run(data);
    });
    const times = new Samples();
    const start = performance.now();
    for (let now = start; now - start < milliseconds; ) {
      commit();
      const after = performance.now();
      times.add(after - now);
      now = after;
    }
    const seconds = (performance.now() - start) / 1000;
    database.close();
    return { rowsPerSecond: (times.count * rowsPerCommit) / seconds, commitMs: times.summary() };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const functions = { run };
export type CommitFloor = typeof functions;
serve(functions);
