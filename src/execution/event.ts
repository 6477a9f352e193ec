import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type ExecutionEvent, ExecutionEventSchema } from '../contract/gen/stigmer/stream/v1/event_pb.js';

/** What an event changes: the oneof of ExecutionEvent, by case. */
export type Change = Exclude<ExecutionEvent['change'], { case: undefined }>;
export type ChangeCase = Change['case'];
type ChangeInit = Exclude<NonNullable<MessageInitShape<typeof ExecutionEventSchema>['change']>, { case: undefined } | { case?: undefined }>;

/** An event. Messages in it are shared with the caller, who does not change them any more. */
export function executionEvent<C extends ChangeCase>(
  name: C,
  value: Extract<ChangeInit, { case: C }>['value'] | Extract<Change, { case: C }>['value'],
): ExecutionEvent {
  return create(ExecutionEventSchema, { change: { case: name, value } as ChangeInit });
}

/** Name of the case as the proto has it: `text_appended`. */
export function changeName(name: ChangeCase): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
