import type Database from 'better-sqlite3';
import { Refused } from '../refused.js';
import type { Handlers } from './context.js';

type SideOp = 'put-intent' | 'retry-intent' | 'settle-intent' | 'put-idempotent' | 'record-change';

/** What goes along with a change in the same commit: intents, kept answers, lines in the log of changes. */
export function sideOps(db: Database.Database): Handlers<SideOp> {
  const putIntent = db.prepare(
    `INSERT INTO intents (id, type, subject, payload, due_at, attempts) VALUES (@id, @type, @subject, @payload, @dueAt, @attempts)
     ON CONFLICT DO UPDATE SET type = @type, subject = @subject, payload = @payload, due_at = @dueAt, attempts = @attempts`,
  );
  const retryIntent = db.prepare('UPDATE intents SET due_at = ?, attempts = attempts + 1 WHERE id = ?');
  const settleIntent = db.prepare('DELETE FROM intents WHERE id = ?');
  const dropExpired = db.prepare('DELETE FROM idempotent_answers WHERE key = ? AND expires_at <= ?');
  const hasAnswer = db.prepare<[string], number>('SELECT 1 FROM idempotent_answers WHERE key = ?').pluck();
  const putAnswer = db.prepare('INSERT INTO idempotent_answers (key, request_hash, expires_at, response) VALUES (?, ?, ?, ?)');
  const addChange = db.prepare(
    `INSERT INTO changes (at, actor, action, kind, resource_id, org, fields)
     VALUES (@at, @actor, @action, @kind, @resourceId, @org, @fields)`,
  );

  return {
    'put-intent': ({ intent }) => void putIntent.run(intent),
    'retry-intent': ({ id, dueAt }) => void retryIntent.run(dueAt, id),
    'settle-intent': ({ id }) => void settleIntent.run(id),
    'put-idempotent': ({ key, requestHash, response, expiresAt }, { now }) => {
      dropExpired.run(key, now);
      if (hasAnswer.get(key)) throw new Refused({ type: 'answer-kept', key });
      putAnswer.run(key, requestHash, expiresAt, response);
    },
    'record-change': ({ change }) => void addChange.run({ ...change, fields: JSON.stringify(change.fields) }),
  };
}
