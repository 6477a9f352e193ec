import type { Projection } from '../execution/projection.js';

/** The state of a watched execution: its course, and what of its message is not course. */
export interface PublishedExecution {
  readonly projection: Projection;
  /** The encoded AgentExecution or WorkflowExecution without its status, as it may be shown. */
  readonly resource: Uint8Array;
  /** Encoded fields of the status that are no part of the projection (audit); may be empty. */
  readonly statusExtras: Uint8Array;
}
