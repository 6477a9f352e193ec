import type { WorkflowDocument } from '../../../workflow-document/document.js';
import type { Json } from '../../../workflow-document/json.js';
import type { EventEnvelope } from './inbox.js';
import type { Frame, Memory } from './scope.js';

/** What an interpreted run is given. Part of RunOptions, so plain JSON without any secret value. */
export interface InterpreterInput {
  /** A valid document. */
  readonly document: WorkflowDocument;
  readonly input: Json;
  readonly org: string;
  /** Variables of the run and its instance. Of a secret one there is no value: activities fetch it. */
  readonly variables: Readonly<Record<string, Variable>>;
  /** Events of Temporal's history after which the run is continued as new. Default 8,000. */
  readonly historyLimit?: number;
  /** Tasks that the run may carry out, turns of loops counted singly. Default 50,000. */
  readonly taskLimit?: number;
}

export interface Variable {
  readonly value?: string;
  readonly isSecret: boolean;
}

/** What a run hands to its continuation. */
export interface Continuation {
  /** Mark of this run's secrets. */
  readonly nonce: string;
  readonly startedAt: string;
  /** Milliseconds since 1970 when the whole run must be over. */
  readonly deadline?: number;
  readonly input: Json;
  readonly memory: Memory;
  readonly frame: Frame;
  readonly events: readonly EventEnvelope[];
  readonly paused: boolean;
  /** Carried out so far. */
  readonly tasks: number;
  readonly reportedBytes: number;
}
