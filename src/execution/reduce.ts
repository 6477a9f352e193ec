import type { StigmerError } from '../contract/errors.js';
import type { ExecutionEvent } from '../contract/gen/stigmer/stream/v1/event_pb.js';

/** What an update comes to: events to append, none when it says nothing new; or why it is refused. */
export type Reduction = { readonly events: readonly ExecutionEvent[]; readonly rejection?: undefined } | { readonly rejection: StigmerError };
