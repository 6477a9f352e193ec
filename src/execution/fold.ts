import { dataLoss } from '../contract/errors.js';
import { apply } from './apply.js';
import { decodeEvent, decodeState } from './codec.js';
import { type ExecutionKind, initialProjection, type Projection } from './projection.js';

/**
 * The projection after the last of the events.
 *
 * @param snapshot encoded state that the events follow on; absent, they start at revision 1
 * @param events encoded, oldest first
 * @throws StigmerError DATA_LOSS when the log contradicts itself, naming the place of the event that does not fit
 */
export function fold(kind: ExecutionKind, snapshot: Uint8Array | undefined, events: readonly Uint8Array[]): Projection {
  const projection = snapshot === undefined ? initialProjection(kind) : readSnapshot(kind, snapshot);
  for (const [place, bytes] of events.entries()) {
    try {
      apply(projection, decodeEvent(bytes));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw dataLoss(`event ${place + 1} of ${events.length} after the snapshot cannot be applied: ${reason}`, { cause: error });
    }
  }
  return projection;
}

function readSnapshot(kind: ExecutionKind, snapshot: Uint8Array): Projection {
  let projection: Projection;
  try {
    projection = decodeState(snapshot);
  } catch (error) {
    throw dataLoss('the stored snapshot cannot be read', { cause: error });
  }
  if (projection.kind !== kind) throw dataLoss(`the stored snapshot is of a ${projection.kind} execution, the execution of kind ${kind}`);
  return projection;
}
