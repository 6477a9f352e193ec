import type { ExecutionEvent } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import { isTerminal } from '../contract/phases.js';
import { apply } from '../execution/apply.js';
import { decodeEvent, encodeEvent } from '../execution/codec.js';
import { merge } from '../execution/merge.js';
import { cloneProjection, type Projection, sizeOfState } from '../execution/projection.js';
import type { StreamModel } from './types.js';

/** The state of a watched execution: its course, and what of its message is not course. */
export interface PublishedExecution {
  readonly projection: Projection;
  /** The encoded AgentExecution or WorkflowExecution without its status, as it may be shown. */
  readonly resource: Uint8Array;
  /** Encoded fields of the status that are no part of the course (audit); may be empty. */
  readonly statusExtras: Uint8Array;
}

/** Executions of both kinds as the broker carries them. A transition is a change of phase. */
export const executionModel: StreamModel<PublishedExecution, ExecutionEvent> = {
  decode: decodeEvent,
  encode: encodeEvent,
  apply: ({ projection }, event) => apply(projection, event),
  merge,
  isTransition: ({ projection }, { change }) =>
    change.case === 'phaseChanged' && (change.value.phase as number) !== (projection.status.phase as number),
  clone: (execution) => ({ ...execution, projection: cloneProjection(execution.projection) }),
  renew: ({ projection }, { resource, statusExtras }) => ({ projection, resource, statusExtras }),
  sizeOf: ({ projection, resource }) => sizeOfState(projection) + resource.length,
  hasEnded: ({ projection }) => isTerminal(projection.status.phase),
};
