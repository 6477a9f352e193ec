import { invalidArgument } from '../../contract/errors.js';
import type { ChangeReader, ChangeRecord, IdempotencyReader, Intent, IntentReader } from '../ports.js';
import { QueryBuilder, readPage } from './list-query.js';
import type { Statements } from './statements.js';

interface StoredIntent {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly payload: string;
  readonly due_at: number;
  readonly attempts: number;
}

const INTENT = 'id, type, subject, payload, due_at, attempts';

export function intentReader(statements: Statements): IntentReader {
  const toIntent = ({ due_at: dueAt, ...rest }: StoredIntent): Intent => ({ ...rest, dueAt });
  return {
    due: async (now, limit) =>
      statements.query<StoredIntent>(`SELECT ${INTENT} FROM intents WHERE due_at <= ? ORDER BY due_at, id LIMIT ?`).all(now, limit).map(toIntent),
    forSubject: async (subject) => statements.query<StoredIntent>(`SELECT ${INTENT} FROM intents WHERE subject = ? ORDER BY id`).all(subject).map(toIntent),
  };
}

export function idempotencyReader(statements: Statements): IdempotencyReader {
  const sql = 'SELECT request_hash, response FROM idempotent_answers WHERE key = ? AND expires_at > ?';
  return {
    get: async (key, now) => {
      const row = statements.query<{ request_hash: string; response: Buffer }>(sql).get(key, now);
      return row && { requestHash: row.request_hash, response: row.response };
    },
  };
}

interface StoredChange {
  readonly sequence: number;
  readonly at: number;
  readonly actor: string;
  readonly action: ChangeRecord['action'];
  readonly kind: string;
  readonly resource_id: string;
  readonly org: string;
  readonly fields: string;
}

/** Newest first. */
export function changeReader(statements: Statements): ChangeReader {
  return {
    list: async ({ kind, resourceId }, { after, limit }) => {
      if (after !== undefined && !/^\d{1,15}$/.test(after)) throw invalidArgument('page_token', 'must be the next_page_token of the page before');
      const index = resourceId !== undefined ? ' INDEXED BY changes_by_resource' : kind !== undefined ? ' INDEXED BY changes_by_kind' : '';
      const query = new QueryBuilder().from(`changes${index}`, 'sequence');
      if (resourceId !== undefined) query.where('resource_id = ?', resourceId);
      if (kind !== undefined) query.where('kind = ?', kind);
      return statements.together(() => {
        const place = { ascending: false, after: after === undefined ? undefined : Number(after), limit };
        const { rows, last, total } = readPage<StoredChange>(statements, query.build(), '*', place);
        const items = rows.map(({ resource_id, fields, sequence: _sequence, ...rest }) => ({
          ...rest,
          resourceId: resource_id,
          fields: JSON.parse(fields) as string[],
        }));
        return { items, total, ...(last && { next: String(last.sequence) }) };
      });
    },
  };
}
