import type Database from 'better-sqlite3';
import { isTerminal } from '../../../contract/phases.js';
import type { ExecutionHead, ReportSource } from '../../ports.js';
import { checksum, packEvents } from '../../sqlite/segment.js';
import { Refused } from '../refused.js';
import type { Handlers, WriteContext } from './context.js';

/** One in so many rows of an execution stands in the index: what a look-up follows by chain at most. */
const INDEX_INTERVAL = 64;

interface StoredHead {
  readonly key: number;
  readonly revision: number;
  readonly attempt: number | null;
  readonly sequence: number | null;
  readonly last_segment: number;
  readonly since_indexed: number;
  readonly phase: number;
  readonly started_at: string;
  readonly completed_at: string;
  readonly error: string;
}

/** Where a new execution's log begins. */
const EMPTY = { revision: 0, last_segment: 0, since_indexed: 0 };

/** Adds events to an execution's log and moves its head on. */
export interface Appender {
  readonly handlers: Handlers<'append'>;
  /** The head and first events of an execution whose row has just been inserted. */
  start(key: number, id: string, head: ExecutionHead, events: readonly Uint8Array[], context: WriteContext): void;
}

export function createAppender(db: Database.Database): Appender {
  const storedHead = db.prepare<[string], StoredHead>(
    `SELECT key, revision, attempt, sequence, last_segment, since_indexed, phase, started_at, completed_at, error
     FROM executions JOIN heads ON execution = key WHERE id = ?`,
  );
  const addSegment = db.prepare(
    `INSERT INTO segments (position, execution, first_revision, count, previous, attempt, sequence, head, checksum, events)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const addHead = db.prepare('INSERT INTO heads (execution, revision, attempt, sequence, last_segment, since_indexed) VALUES (?, ?, ?, ?, ?, ?)');
  const moveHead = db.prepare('UPDATE heads SET revision = ?, attempt = ?, sequence = ?, last_segment = ?, since_indexed = ? WHERE execution = ?');
  const changeStatus = db.prepare(
    `UPDATE executions SET phase = ?, started_at = ?, completed_at = ?, error = ?, finished_at = iif(?, coalesce(finished_at, ?), NULL), events_kept = 1
     WHERE key = ?`,
  );
  const keepEvents = db.prepare('UPDATE executions SET events_kept = 1 WHERE key = ? AND events_kept = 0');
  const keepSnapshot = db.prepare('INSERT OR REPLACE INTO snapshots (execution, revision, checksum, state) VALUES (?, ?, ?, ?)');

  const addEvents = (
    key: number,
    before: { readonly revision: number; readonly last_segment: number; readonly since_indexed: number },
    head: ExecutionHead,
    source: ReportSource | undefined,
    events: readonly Uint8Array[],
    statusChanged: boolean,
    context: WriteContext,
  ): { last: number; since: number } => {
    if (events.length === 0) return { last: before.last_segment, since: before.since_indexed };
    const indexed = statusChanged || before.since_indexed + 1 >= INDEX_INTERVAL || before.last_segment === 0;
    const position = context.nextPosition();
    const first = before.revision + 1;
    const packed = packEvents(events);
    addSegment.run(
      position,
      key,
      first,
      events.length,
      before.last_segment,
      source?.attempt ?? null,
      source?.sequence ?? null,
      indexed ? JSON.stringify([head.phase, head.startedAt, head.completedAt, head.error]) : null,
      checksum(packed, first),
      packed,
    );
    return { last: position, since: indexed ? 0 : before.since_indexed + 1 };
  };

  const assertCounted = (id: string, before: number, head: ExecutionHead, events: readonly Uint8Array[]): void => {
    const expected = before + events.length;
    if (head.revision !== expected) throw new Refused({ type: 'head-mismatch', id, expected, actual: head.revision });
  };

  return {
    handlers: {
      append: ({ executionId: id, expectedRevision, events, head, source, snapshot }, context) => {
        const before = storedHead.get(id);
        if (!before) throw new Refused({ type: 'not-found', kind: 'execution', id });
        if (before.revision !== expectedRevision) {
          throw new Refused({ type: 'revision-conflict', id, expected: expectedRevision, actual: before.revision });
        }
        assertCounted(id, before.revision, head, events);
        const newSource = source ?? head.source ?? loggedSource(before);
        assertBeyond(id, loggedSource(before), newSource, source !== undefined);
        const { key } = before;
        const statusChanged =
          before.phase !== head.phase ||
          before.started_at !== head.startedAt ||
          before.completed_at !== head.completedAt ||
          before.error !== head.error;
        const { last, since } = addEvents(key, before, head, newSource, events, statusChanged, context);
        moveHead.run(head.revision, newSource?.attempt ?? null, newSource?.sequence ?? null, last, since, key);
        if (statusChanged) {
          changeStatus.run(head.phase, head.startedAt, head.completedAt, head.error, isTerminal(head.phase) ? 1 : 0, context.now, key);
        } else if (before.last_segment === 0 && events.length > 0) {
          keepEvents.run(key);
        }
        if (snapshot) keepSnapshot.run(key, head.revision, checksum(snapshot, head.revision), snapshot);
      },
    },
    start: (key, id, head, events, context) => {
      assertCounted(id, 0, head, events);
      const { last, since } = addEvents(key, EMPTY, head, head.source, events, true, context);
      addHead.run(key, head.revision, head.source?.attempt ?? null, head.source?.sequence ?? null, last, since);
    },
  };
}

function loggedSource({ attempt, sequence }: StoredHead): ReportSource | undefined {
  return attempt === null || sequence === null ? undefined : { attempt, sequence };
}

/** A report lies beyond what is logged; an append that is no report may carry the logged source along, and never a lower one. */
function assertBeyond(id: string, logged: ReportSource | undefined, source: ReportSource | undefined, isReport: boolean): void {
  if (!logged || !source) return;
  const { attempt, sequence } = source;
  if (attempt < logged.attempt) throw new Refused({ type: 'attempt-overtaken', id, attempt, logged: logged.attempt });
  const repeated = attempt === logged.attempt && (sequence < logged.sequence || (isReport && sequence === logged.sequence));
  if (repeated) throw new Refused({ type: 'report-repeated', id, attempt, sequence, logged: logged.sequence });
}
