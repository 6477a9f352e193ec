import { unavailable } from '../../contract/errors.js';
import { fold } from '../../execution/fold.js';
import { apply } from '../../execution/apply.js';
import { decodeEvent } from '../../execution/codec.js';
import type { Projection } from '../../execution/projection.js';
import type { ExecutionReader, StoredExecution } from '../../store/ports.js';
import { executionKind } from './execution-kind.js';

export interface LoadedExecution {
  readonly stored: StoredExecution;
  readonly revision: number;
  /** Its caller's own. */
  readonly projection: Projection;
}

const PAGE = 1_000;
/** How often the log is read anew when compaction takes events away between two readings. */
const ATTEMPTS = 3;

/** An execution as it stands: the newest snapshot and the events after it. Undefined when there is none of this id. */
export async function loadExecution(reader: ExecutionReader, id: string): Promise<LoadedExecution | undefined> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const stored = await reader.get(id);
    if (stored === undefined) return undefined;
    const loaded = await loadLog(reader, stored);
    if (loaded !== undefined) return loaded;
  }
  throw unavailable(`The log of execution ${id} changed while it was being read, ${ATTEMPTS} times over. Try again.`);
}

async function loadLog(reader: ExecutionReader, stored: StoredExecution): Promise<LoadedExecution | undefined> {
  const { id, kind } = stored.row;
  const snapshot = await reader.snapshot(id);
  let revision = snapshot?.revision ?? 0;
  let projection: Projection | undefined;
  for (;;) {
    // A finished execution whose events are gone has its snapshot, which is all.
    const events = revision >= stored.head.revision && projection === undefined ? [] : await reader.read(id, revision, PAGE);
    if (events === undefined) return undefined;
    if (projection === undefined) projection = fold(executionKind(kind).projected, snapshot?.state, events);
    else for (const event of events) apply(projection, decodeEvent(event));
    revision += events.length;
    if (events.length < PAGE) return { stored, revision, projection };
  }
}
