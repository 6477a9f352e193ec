import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import { ERROR_TYPES, STANDARD_ERRORS } from '../../../workflow-document/proto-names.js';
import { isObject, type Json, type JsonObject } from '../../../workflow-document/json.js';

/** An error as the specification has it, after RFC 7807. */
export interface ErrorObject extends JsonObject {
  /** A URI. */
  type: string;
  status: number;
  title: string;
}

/** Name of the failures by which an activity raises an error of the specification: its first detail is an ErrorObject. */
export const WORKFLOW_ERROR = 'WorkflowError';

/** An error that a task raised, and `try` can catch. */
export class WorkflowError extends Error {
  override readonly name = WORKFLOW_ERROR;
  readonly error: ErrorObject;

  constructor(error: ErrorObject) {
    super(describeError(error));
    this.error = error;
  }
}

/** One of the specification's errors: `configuration`, `validation`, `expression`, `authentication`, `authorization`, `timeout`, `communication`, `runtime`. */
export function standardError(name: keyof typeof STANDARD_ERRORS, detail: string): WorkflowError {
  return new WorkflowError({ type: `${ERROR_TYPES}${name}`, status: STANDARD_ERRORS[name] as number, title: `${name} error`, detail });
}

/** `title: detail (status, type)`, as a person reads it. */
export function describeError({ type, status, title, detail }: ErrorObject): string {
  return `${title}${typeof detail === 'string' && detail !== '' ? `: ${detail}` : ''} (${status}, ${type})`;
}

/** Any failure as an error of the specification. Cancellation is none, and stays what it is. */
export function asWorkflowError(failure: unknown, reference: string): WorkflowError {
  const known = failure instanceof WorkflowError ? failure : fromFailure(failure);
  return typeof known.error['instance'] === 'string' ? known : new WorkflowError({ ...known.error, instance: reference });
}

function fromFailure(failure: unknown): WorkflowError {
  const cause = failure instanceof ActivityFailure || failure instanceof ChildWorkflowFailure ? failure.cause : failure;
  if (cause instanceof ApplicationFailure) {
    const detail = cause.details?.[0] as Json | undefined;
    if (cause.type === WORKFLOW_ERROR && isErrorObject(detail)) return new WorkflowError(detail);
    return standardError('runtime', `${cause.type && cause.type !== 'Error' ? `${cause.type}: ` : ''}${cause.message}`);
  }
  if (cause instanceof TimeoutFailure) return standardError('timeout', cause.message);
  return standardError('runtime', cause instanceof Error ? cause.message : String(cause));
}

function isErrorObject(value: Json | undefined): value is ErrorObject {
  return isObject(value) && typeof value['type'] === 'string' && typeof value['status'] === 'number' && typeof value['title'] === 'string';
}

/** Ends the whole workflow, successfully. Not an error: `try` lets it through. */
export class EndOfWorkflow {
  readonly output: Json;

  constructor(output: Json) {
    this.output = output;
  }
}

/** Whether `try` must let it through. */
export function isNoError(failure: unknown): boolean {
  return failure instanceof EndOfWorkflow || isCancellation(failure);
}
