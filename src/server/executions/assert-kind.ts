import { notFound } from '../../contract/errors.js';
import type { ExecutionRow } from '../../store/ports.js';
import type { ExecutionKind } from './execution-kind.js';

/** An execution of the other kind is not found by the services of this one. */
export function assertKind(kind: ExecutionKind, row: ExecutionRow): void {
  if (row.kind !== kind.stored) throw notFound(kind.kind.name, row.id);
}
