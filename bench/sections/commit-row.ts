import type { Bench } from '../bench.js';
import type { CommitFloor } from '../floors/commit.js';
import { milliseconds, perSecond } from '../format.js';
import { Remote } from '../system/remote.js';

/** Writes a row about bare commits of better-sqlite3, to hold durable figures against. */
export async function commitRow(bench: Bench, what: string, rowBytes: number, rowsPerCommit: number): Promise<void> {
  bench.progress(`bare commits: ${what}`);
  const commits = new Remote<CommitFloor>('floors/commit.js');
  try {
    const { rowsPerSecond, commitMs } = await commits.call('run', { rowBytes, rowsPerCommit, milliseconds: bench.quick ? 200 : 2_000 });
    bench.row({
      work: `bare SQLite commit: ${what}`,
      ours: '',
      floor: `${perSecond(rowsPerSecond)}, commit p50 ${milliseconds(commitMs.p50)}, p99 ${milliseconds(commitMs.p99)}`,
    });
  } finally {
    await commits.stop();
  }
}
