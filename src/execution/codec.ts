import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type ExecutionEvent, ExecutionEventSchema, ExecutionStateSchema } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import { type Projection, projectionOf } from './projection.js';

/** An event as the log keeps it and a Watch delivers it. */
export function encodeEvent(event: ExecutionEvent): Uint8Array {
  return toBinary(ExecutionEventSchema, event);
}

/** @throws Error when the bytes are no event */
export function decodeEvent(bytes: Uint8Array): ExecutionEvent {
  return fromBinary(ExecutionEventSchema, bytes);
}

/** The state as the log keeps it: a snapshot. */
export function encodeState(projection: Projection): Uint8Array {
  return toBinary(ExecutionStateSchema, projection.state);
}

/** @throws Error when the bytes are no state */
export function decodeState(bytes: Uint8Array): Projection {
  return projectionOf(fromBinary(ExecutionStateSchema, bytes));
}
