import type { Json, JsonObject } from '../../../workflow-document/json.js';

/** What tasks leave for later ones. In the original's dialect loops and branches have copies of their own. */
export interface Memory extends JsonObject {
  /** `$context`. */
  context: Json;
  /** The original's: what each task exported, by its name. */
  exports: JsonObject;
  /** The original's `$data`. */
  data: JsonObject;
}

/** Where a task stands, and what it can see. */
export interface Scope {
  readonly memory: Memory;
  /** Variables of loops and handlers, with `$`. */
  readonly variables: Readonly<Record<string, Json>>;
  /** Place of the list in the document: `/do/0/review/do`. */
  readonly reference: string;
  /** The same with the turns of loops: unique for everything that a run does. */
  readonly instance: string;
  /** Output of the task before, in the original's dialect `$output`. */
  readonly previous: Json;
}

/**
 * What a task must know to go on after its run was continued as new: plain JSON, kept up to date by the task itself. Empty when the task
 * begins.
 */
export type Frame = JsonObject;

/** The frame under a key, made when it is not there. */
export function frameIn(frame: Frame, key: string): Frame {
  frame[key] ??= {};
  return frame[key] as Frame;
}

export function copyMemory({ context, exports, data }: Memory): Memory {
  return { context, exports: { ...exports }, data: { ...data } };
}

export function within(scope: Scope, step: string, turn = ''): Scope {
  return { ...scope, reference: `${scope.reference}/${step}`, instance: `${scope.instance}/${step}${turn}` };
}
