import type { ExecutionState } from '../contract/gen/stigmer/stream/v1/event_pb.js';

/** Which of the two contracts an execution follows. */
export type ExecutionKind = 'agent' | 'workflow';

export interface Projection {
  readonly kind: ExecutionKind;
  readonly state: ExecutionState;
}
