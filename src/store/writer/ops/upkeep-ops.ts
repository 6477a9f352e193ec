import type Database from 'better-sqlite3';
import type { UpkeepOp } from '../protocol.js';
import type { Handlers } from './context.js';

/** What keeps the database small. */
export function upkeepOps(db: Database.Database): Handlers<UpkeepOp['op']> {
  const finished = db.prepare<[number, number], { key: number; last_segment: number }>(
    `SELECT key, last_segment FROM executions JOIN heads ON heads.execution = key JOIN snapshots ON snapshots.execution = key
     WHERE finished_at IS NOT NULL AND events_kept = 1 AND finished_at < ? AND snapshots.revision = heads.revision LIMIT ?`,
  );
  const forgetEvents = db.prepare('UPDATE executions SET events_kept = 0 WHERE key = ?');
  const detachChain = db.prepare('UPDATE heads SET last_segment = 0, since_indexed = 0 WHERE execution = ?');
  const dropChain = db.prepare('INSERT INTO dropped_chains (last_segment) VALUES (?)');
  const nextDropped = db.prepare<[], number>('SELECT last_segment FROM dropped_chains LIMIT 1').pluck();
  const removeDropped = db.prepare('DELETE FROM dropped_chains WHERE last_segment = ?');
  const previous = db.prepare<[number], number>('SELECT previous FROM segments WHERE position = ?').pluck();
  const removeSegment = db.prepare('DELETE FROM segments WHERE position = ?');
  const newest = db.prepare<[], number | null>('SELECT max(position) FROM segments').pluck();
  const setMeta = db.prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
  const purgeAnswers = db.prepare('DELETE FROM idempotent_answers WHERE rowid IN (SELECT rowid FROM idempotent_answers WHERE expires_at <= ? LIMIT ?)');
  const purgeChanges = db.prepare('DELETE FROM changes WHERE sequence IN (SELECT sequence FROM changes WHERE at < ? LIMIT ?)');

  /** Removes a chain from its end; gives where it stopped, 0 when all of it is gone. */
  const sweepChain = (last: number, limit: number): { readonly rest: number; readonly taken: number } => {
    let at = last;
    let taken = 0;
    while (at > 0 && taken < limit) {
      const before = previous.get(at) ?? 0;
      removeSegment.run(at);
      at = before;
      taken++;
    }
    return { rest: at, taken };
  };

  return {
    'drop-events': ({ finishedBefore, limit }) => {
      const rows = finished.all(finishedBefore, limit);
      for (const { key, last_segment } of rows) {
        forgetEvents.run(key);
        detachChain.run(key);
        if (last_segment > 0) dropChain.run(last_segment);
      }
      return rows.length;
    },
    'sweep-segments': ({ limit }) => {
      const newestBefore = newest.get() ?? 0;
      let taken = 0;
      while (taken < limit) {
        const last = nextDropped.get();
        if (last === undefined) break;
        const swept = sweepChain(last, limit - taken);
        removeDropped.run(last);
        if (swept.rest > 0) dropChain.run(swept.rest);
        taken += swept.taken;
      }
      // Positions are never used twice, or readers of the tail would pass over new rows.
      if ((newest.get() ?? 0) < newestBefore) setMeta.run('log_floor', String(newestBefore));
      return taken;
    },
    'purge-answers': ({ expiredBefore, limit }) => purgeAnswers.run(expiredBefore, limit).changes,
    'purge-changes': ({ madeBefore, limit }) => purgeChanges.run(madeBefore, limit).changes,
    'release-pages': ({ limit }) => {
      const pages = db.pragma('page_count', { simple: true }) as number;
      const free = db.pragma('freelist_count', { simple: true }) as number;
      // A tenth may stay free for what is written next: giving pages back and taking them again costs writes.
      const released = Math.min(limit, free - Math.floor(pages / 10));
      if (released <= 0) return 0;
      db.pragma(`incremental_vacuum(${released})`);
      return released;
    },
    'set-meta': ({ name, value }) => void setMeta.run(name, value),
  };
}
