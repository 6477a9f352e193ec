import type Database from 'better-sqlite3';
import { isTerminal } from '../../../contract/phases.js';
import type { ExecutionRow } from '../../ports.js';
import { Refused } from '../refused.js';
import type { Appender } from './append-op.js';
import type { Handlers } from './context.js';

/** Changes of executions beside their log. */
export function executionOps(db: Database.Database, appender: Appender): Handlers<'insert-execution' | 'update-execution' | 'delete-execution'> {
  const stored = db.prepare<[string], { key: number; kind: string; version: string; tags: string; last_segment: number }>(
    'SELECT key, kind, version, tags, last_segment FROM executions JOIN heads ON execution = key WHERE id = ?',
  );
  const insert = db.prepare(
    `INSERT INTO executions (id, kind, org, slug, name, session_id, owner_id, instance_id, version, created_at, tags,
       phase, started_at, completed_at, error, finished_at, events_kept)
     VALUES (@id, @kind, @org, @slug, @name, @sessionId, @ownerId, @instanceId, @version, @createdAt, @tags,
       @phase, @startedAt, @completedAt, @error, @finishedAt, 1)`,
  );
  const update = db.prepare(
    `UPDATE executions SET org = @org, slug = @slug, name = @name, session_id = @sessionId, owner_id = @ownerId, instance_id = @instanceId,
       version = @version, created_at = @createdAt, tags = @tags WHERE id = @id`,
  );
  const remove = db.prepare('DELETE FROM executions WHERE key = ?');
  const addData = db.prepare('INSERT INTO execution_data (execution, data) VALUES (?, ?)');
  const changeData = db.prepare('UPDATE execution_data SET data = ? WHERE execution = ?');
  const addTag = db.prepare('INSERT OR IGNORE INTO execution_tags (tag, execution) VALUES (?, ?)');
  const dropTag = db.prepare('DELETE FROM execution_tags WHERE tag = ? AND execution = ?');
  const dropChain = db.prepare('INSERT INTO dropped_chains (last_segment) VALUES (?)');
  const dropSecrets = db.prepare('DELETE FROM secrets WHERE owner_id = ?');
  const dropClaims = db.prepare('DELETE FROM secret_claims WHERE owner_id = ?');

  const columns = ({ data: _data, ...row }: ExecutionRow): Record<string, unknown> => ({ ...row, tags: JSON.stringify(row.tags) });
  const dropTags = (key: number, tags: string): void => {
    for (const tag of JSON.parse(tags) as string[]) dropTag.run(tag, key);
  };

  return {
    'insert-execution': ({ row, head, events }, context) => {
      const existing = stored.get(row.id);
      if (existing) throw new Refused({ type: 'already-exists', kind: existing.kind, what: 'this id', id: row.id });
      const { phase, startedAt, completedAt, error } = head;
      const finishedAt = isTerminal(phase) ? context.now : null;
      const key = Number(insert.run({ ...columns(row), phase, startedAt, completedAt, error, finishedAt }).lastInsertRowid);
      addData.run(key, row.data);
      for (const tag of row.tags) addTag.run(tag, key);
      appender.start(key, row.id, head, events, context);
    },
    'update-execution': ({ row, expectedVersion }) => {
      const before = stored.get(row.id);
      if (!before) throw new Refused({ type: 'not-found', kind: row.kind, id: row.id });
      if (before.version !== expectedVersion) {
        throw new Refused({ type: 'version-conflict', kind: row.kind, id: row.id, expected: expectedVersion, actual: before.version });
      }
      dropTags(before.key, before.tags);
      for (const tag of row.tags) addTag.run(tag, before.key);
      update.run(columns(row));
      changeData.run(row.data, before.key);
    },
    'delete-execution': ({ id }) => {
      const before = stored.get(id);
      if (!before) throw new Refused({ type: 'not-found', kind: 'execution', id });
      dropTags(before.key, before.tags);
      remove.run(before.key);
      // The log may be long: upkeep removes it step by step.
      if (before.last_segment > 0) dropChain.run(before.last_segment);
      dropSecrets.run(id);
      dropClaims.run(id);
    },
  };
}
