import { ApplicationFailure } from '@temporalio/activity';
import { ERROR_TYPES, STANDARD_ERRORS } from '../../workflow-document/proto-names.js';
import type { JsonObject } from '../../workflow-document/json.js';

/** Name by which the interpreter knows a failure whose first detail is an error of the specification. */
const WORKFLOW_ERROR = 'WorkflowError';

export interface WorkflowFailure {
  /** One of the specification's errors. */
  readonly error: 'configuration' | 'validation' | 'authentication' | 'authorization' | 'timeout' | 'communication' | 'runtime';
  readonly detail: string;
  /** Default: that of the error. */
  readonly status?: number;
  readonly title?: string;
  /** Whether another attempt may end otherwise. */
  readonly retryable: boolean;
  /** More about it. */
  readonly extensions?: JsonObject;
}

/** An error of the specification as the failure of an activity. */
export function workflowFailure({ error, detail, status, title, retryable, extensions }: WorkflowFailure): ApplicationFailure {
  const object = { type: `${ERROR_TYPES}${error}`, status: status ?? STANDARD_ERRORS[error], title: title ?? `${error} error`, detail, ...extensions };
  return ApplicationFailure.create({ message: detail, type: WORKFLOW_ERROR, nonRetryable: !retryable, details: [object] });
}
