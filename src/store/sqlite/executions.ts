import { invalidArgument } from '../../contract/errors.js';
import type { ExecutionFilter, ExecutionHead, ExecutionReader, ExecutionRow, Page, PageRequest, StoredExecution } from '../ports.js';
import { executionQueries } from './execution-query.js';
import { readPage } from './list-query.js';
import type { LogReader } from './log.js';
import type { Statements } from './statements.js';

interface StoredHead {
  readonly revision: number;
  readonly attempt: number | null;
  readonly sequence: number | null;
  readonly phase: number;
  readonly started_at: string;
  readonly completed_at: string;
  readonly error: string;
}

interface StoredRow extends StoredHead {
  readonly key: number;
  readonly id: string;
  readonly kind: ExecutionRow['kind'];
  readonly org: string;
  readonly slug: string;
  readonly name: string;
  readonly session_id: string;
  readonly owner_id: string;
  readonly instance_id: string;
  readonly version: string;
  readonly created_at: number;
  readonly tags: string;
  readonly data: Buffer;
}

/** Looked up by the row's key, so that a list's index drives and these follow. */
const HEAD = (column: string): string => `(SELECT ${column} FROM heads WHERE execution = e.key) AS ${column}`;
const HEAD_COLUMNS = `${HEAD('revision')}, ${HEAD('attempt')}, ${HEAD('sequence')}, e.phase, e.started_at, e.completed_at, e.error`;
const COLUMNS = `e.key, e.id, e.kind, e.org, e.slug, e.name, e.session_id, e.owner_id, e.instance_id, e.version, e.created_at, e.tags,
  ${HEAD_COLUMNS}, (SELECT data FROM execution_data WHERE execution = e.key) AS data`;

/** Reading side of the executions, without the tail, which is the store's. */
export function executionReader(statements: Statements, log: LogReader): Omit<ExecutionReader, 'tail'> {
  return {
    get: async (id) => {
      const row = statements.query<StoredRow>(`SELECT ${COLUMNS} FROM executions e WHERE id = ?`).get(id);
      return row && toExecution(row);
    },
    list: async (filter, page) => statements.together(() => list(statements, filter, page)),
    head: async (id) => {
      const row = statements.query<StoredHead>(`SELECT ${HEAD_COLUMNS} FROM executions e WHERE id = ?`).get(id);
      return row && toHead(row);
    },
    read: async (id, after, limit) => log.read(id, after, limit),
    snapshot: async (id) => log.snapshot(id),
  };
}

function list(statements: Statements, filter: ExecutionFilter, { after, limit }: PageRequest): Page<StoredExecution> {
  if (after !== undefined && !/^\d{1,15}$/.test(after)) throw invalidArgument('page_token', 'must be the next_page_token of the page before');
  const place = { ascending: false, after: after === undefined ? undefined : Number(after), limit };
  const pages = executionQueries(filter).map((query) => readPage<StoredRow>(statements, query, COLUMNS, place));
  const rows = pages.flatMap((page) => page.rows).sort((a, b) => b.key - a.key);
  const page = rows.slice(0, limit);
  const last = rows.length > limit || pages.some((one) => one.last) ? page.at(-1) : undefined;
  const total = pages.reduce((sum, one) => sum + one.total, 0);
  return { items: page.map(toExecution), total, ...(last && { next: String(last.key) }) };
}

function toExecution(row: StoredRow): StoredExecution {
  return {
    row: {
      id: row.id,
      kind: row.kind,
      org: row.org,
      slug: row.slug,
      name: row.name,
      sessionId: row.session_id,
      ownerId: row.owner_id,
      instanceId: row.instance_id,
      version: row.version,
      tags: JSON.parse(row.tags) as string[],
      createdAt: row.created_at,
      data: row.data,
    },
    head: toHead(row),
  };
}

function toHead({ revision, attempt, sequence, phase, started_at, completed_at, error }: StoredHead): ExecutionHead {
  const head = { revision, phase, startedAt: started_at, completedAt: completed_at, error };
  return attempt === null || sequence === null ? head : { ...head, source: { attempt, sequence } };
}
