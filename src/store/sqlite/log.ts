import { dataLoss, type StigmerError } from '../../contract/errors.js';
import type { CommittedAppend, ExecutionHead } from '../ports.js';
import { checksum, unpackEvents } from './segment.js';
import type { Statements } from './statements.js';

/** One row of the log. */
interface Segment {
  readonly position: number;
  readonly execution: number;
  readonly first_revision: number;
  readonly count: number;
  readonly previous: number;
  readonly checksum: number;
  readonly events: Buffer;
}

/** A row of the log as the tail reads it. */
interface TailSegment extends Segment {
  readonly id: string;
  readonly attempt: number | null;
  readonly sequence: number | null;
  readonly head: string | null;
}

/** A position of the log, and what was appended there; undefined when it is damaged. */
export interface TailRow {
  readonly position: number;
  readonly append: CommittedAppend | undefined;
}

interface Chain {
  readonly key: number;
  readonly revision: number;
  readonly last_segment: number;
}

/** The parts of a head that seldom change, as an indexed row carries them: phase, startedAt, completedAt, error. */
type CarriedHead = readonly [number, string, string, string];

const PLACE = 'position, execution, first_revision, count, previous, checksum';

/** Reads the execution log, and holds what it reads against checksums and counts. Throws DATA_LOSS naming the execution. */
export class LogReader {
  readonly #statements: Statements;
  readonly #damaged = new Map<string, string>();

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** Executions that were found damaged, with the reason. */
  get damaged(): ReadonlyMap<string, string> {
    return this.#damaged;
  }

  /** Throws DATA_LOSS for an execution that was found damaged. */
  assertWhole(id: string): void {
    const reason = this.#damaged.get(id);
    if (reason !== undefined) throw damage(id, reason);
  }

  /** Takes note that an execution no longer exists. */
  forget(id: string): void {
    this.#damaged.delete(id);
  }

  /** At most `limit` events with a revision greater than `after`; undefined when they are not kept, or there is no such execution. */
  read(id: string, after: number, limit: number): readonly Uint8Array[] | undefined {
    this.assertWhole(id);
    return this.#statements.together(() => {
      const chain = this.#chain(id);
      if (!chain) return undefined;
      if (after >= chain.revision || limit <= 0) return [];
      const segments = this.#segmentsBetween(id, chain, after, Math.min(after + limit, chain.revision));
      if (!segments) return undefined;
      const events = segments.flatMap((segment) => this.#unpack(id, segment));
      const first = segments[0]?.first_revision ?? 0;
      return events.slice(after + 1 - first, after + 1 - first + limit);
    });
  }

  /** Newest snapshot. */
  snapshot(id: string): { readonly revision: number; readonly state: Uint8Array } | undefined {
    this.assertWhole(id);
    const sql = 'SELECT s.revision, s.checksum, s.state FROM executions e JOIN snapshots s ON s.execution = e.key WHERE e.id = ?';
    const row = this.#statements.query<{ revision: number; checksum: number; state: Buffer }>(sql).get(id);
    if (!row) return undefined;
    if (checksum(row.state, row.revision) !== row.checksum) throw this.#found(id, `the checksum of its snapshot at revision ${row.revision} is wrong`);
    return { revision: row.revision, state: row.state };
  }

  /**
   * Appends at positions greater than `after` and less than `before`, at most `limit`, by position. A damaged one is left out: it is
   * noted, and whoever misses it finds the reason when reading.
   */
  tail(after: number, before: number, limit: number): readonly TailRow[] {
    const sql = `SELECT ${PLACE}, events, id, attempt, sequence, head FROM segments CROSS JOIN executions ON key = execution
      WHERE position > ? AND position < ? ORDER BY position LIMIT ?`;
    return this.#statements.together(() =>
      this.#statements.query<TailSegment>(sql).all(after, before, limit).map((segment) => ({ position: segment.position, append: this.#appendOf(segment) })),
    );
  }

  /** The highest position in use. */
  newestPosition(): number {
    return this.#statements.query<{ newest: number | null }>('SELECT max(position) AS newest FROM segments').get()?.newest ?? 0;
  }

  /** Reads all that is kept of an execution after its snapshot; damage is noted, and not thrown. */
  examine(id: string): void {
    try {
      const from = this.snapshot(id)?.revision ?? 0;
      this.#statements.together(() => {
        const chain = this.#chain(id);
        if (!chain || chain.revision <= from) return;
        const segments = this.#segmentsBetween(id, chain, from, chain.revision);
        if (!segments) throw this.#found(id, `its events from revision ${from + 1} on are missing`);
        for (const segment of segments) this.#unpack(id, segment);
      });
    } catch (error) {
      if (!this.#damaged.has(id)) this.#damaged.set(id, error instanceof Error ? error.message : String(error));
    }
  }

  #chain(id: string): Chain | undefined {
    const sql = 'SELECT key, revision, last_segment FROM executions JOIN heads ON execution = key WHERE id = ?';
    return this.#statements.query<Chain>(sql).get(id);
  }

  /** Rows that hold the revisions after `after` up to `until`, oldest first; undefined when the oldest of them is not kept. */
  #segmentsBetween(id: string, chain: Chain, after: number, until: number): readonly Segment[] | undefined {
    // Rows that are only passed over leave their events on disk.
    const sql = `SELECT ${PLACE}, iif(first_revision <= ?, events, x'') AS events FROM segments WHERE position = ?`;
    const segments: Segment[] = [];
    let next = this.#startOfWalk(chain, until);
    let expectedEnd = next === chain.last_segment ? chain.revision : undefined;
    while (next > 0) {
      const segment = this.#statements.query<Segment>(sql).get(until, next);
      if (!segment || segment.execution !== chain.key) throw this.#found(id, `its log before revision ${(expectedEnd ?? chain.revision) + 1} is missing`);
      const end = segment.first_revision + segment.count - 1;
      if (end !== (expectedEnd ?? end)) throw this.#found(id, `its log goes from revision ${end} to ${(expectedEnd ?? 0) + 1}`);
      if (segment.first_revision <= until) segments.push(segment);
      if (segment.first_revision <= after + 1) return segments.toReversed();
      expectedEnd = segment.first_revision - 1;
      next = segment.previous;
    }
    return undefined;
  }

  /** The nearest indexed row behind `until`, else the last of all. */
  #startOfWalk({ key, last_segment }: Chain, until: number): number {
    const sql = `SELECT position FROM segments WHERE execution = ? AND head IS NOT NULL AND first_revision > ? ORDER BY first_revision LIMIT 1`;
    return this.#statements.query<{ position: number }>(sql).get(key, until)?.position ?? last_segment;
  }

  #appendOf(segment: TailSegment): CommittedAppend | undefined {
    const { id, first_revision: firstRevision, count } = segment;
    const events = this.#eventsOrReason(segment);
    if (typeof events === 'string') {
      this.#damaged.set(id, events);
      return undefined;
    }
    return { executionId: id, firstRevision, events, head: this.#headAt(segment, firstRevision + count - 1) };
  }

  #headAt({ execution, first_revision, attempt, sequence, head }: TailSegment, revision: number): ExecutionHead {
    const sql = `SELECT head FROM segments WHERE execution = ? AND head IS NOT NULL AND first_revision <= ? ORDER BY first_revision DESC LIMIT 1`;
    const carried = head ?? this.#statements.query<{ head: string }>(sql).get(execution, first_revision)?.head;
    const [phase, startedAt, completedAt, error] = JSON.parse(carried ?? '[0,"","",""]') as CarriedHead;
    const stands = { revision, phase, startedAt, completedAt, error };
    return attempt === null || sequence === null ? stands : { ...stands, source: { attempt, sequence } };
  }

  #unpack(id: string, segment: Segment): readonly Uint8Array[] {
    const events = this.#eventsOrReason(segment);
    if (typeof events === 'string') throw this.#found(id, events);
    return events;
  }

  #eventsOrReason({ first_revision: first, count, checksum: expected, events }: Segment): readonly Uint8Array[] | string {
    if (checksum(events, first) !== expected) return `the checksum of its events from revision ${first} on is wrong`;
    try {
      return unpackEvents(events, count);
    } catch (error) {
      return `its events from revision ${first} on cannot be told apart: ${(error as Error).message}`;
    }
  }

  #found(id: string, reason: string): StigmerError {
    this.#damaged.set(id, reason);
    return damage(id, reason);
  }
}

function damage(id: string, reason: string): StigmerError {
  return dataLoss(`execution ${id} is damaged: ${reason}. Restore a backup, or delete the execution.`, {
    reason: 'EXECUTION_DAMAGED',
    metadata: { id },
  });
}
