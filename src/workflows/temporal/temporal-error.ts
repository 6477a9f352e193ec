import { NamespaceNotFoundError } from '@temporalio/common';
import { WorkflowNotFoundError } from '@temporalio/client';
import { Code, failedPrecondition, StigmerError } from '../../contract/errors.js';

/** Whether a call took effect: `refused` when it certainly did not. */
export type Certainty = 'refused' | 'unknown';

/** Codes with which Temporal answers a request that it did not carry out. */
const REFUSALS: readonly Code[] = [
  Code.INVALID_ARGUMENT,
  Code.NOT_FOUND,
  Code.PERMISSION_DENIED,
  Code.RESOURCE_EXHAUSTED,
  Code.FAILED_PRECONDITION,
  Code.OUT_OF_RANGE,
  Code.UNIMPLEMENTED,
  Code.UNAUTHENTICATED,
];

/** How grpc-js begins the text of a call that was never sent, because there was no connection. Kept true by a test. */
const NEVER_SENT = /^(No connection established|Name resolution failed)/;

/** Where the call went, for the texts. */
export interface TemporalPlace {
  readonly address: string;
  readonly namespace: string;
}

/** Any error of Temporal's client as ours. One of a gRPC call keeps its code; UNAVAILABLE and DEADLINE_EXCEEDED name the address. */
export function temporalError(error: unknown, { address, namespace }: TemporalPlace): StigmerError {
  if (error instanceof StigmerError) return error;
  if (error instanceof WorkflowNotFoundError) return new StigmerError(Code.NOT_FOUND, error.message, { cause: error });
  const known = StigmerError.from(callError(error));
  if (isNamespaceMissing(error, known)) {
    // Not NOT_FOUND: that would read as if the workflow were gone.
    return failedPrecondition(`Temporal at ${address} has no namespace ${namespace}: create it, or set TEMPORAL_NAMESPACE`, { cause: error });
  }
  if (!isSilence(known)) return known;
  return new StigmerError(known.code, `Temporal at ${address} does not answer: ${known.message}`, { cause: error });
}

/** Whether nothing answered, so that Temporal counts as down. */
export function isSilence({ code }: StigmerError): boolean {
  return code === Code.UNAVAILABLE || code === Code.DEADLINE_EXCEEDED;
}

/** Whether a failed call may have been carried out all the same. */
export function certaintyOf(error: unknown): Certainty {
  if (error instanceof NamespaceNotFoundError) return 'refused';
  const { code, message } = StigmerError.from(callError(error));
  const refused = REFUSALS.includes(code) || (code === Code.UNAVAILABLE && NEVER_SENT.test(message));
  return refused ? 'refused' : 'unknown';
}

function isNamespaceMissing(error: unknown, { code, message }: StigmerError): boolean {
  return error instanceof NamespaceNotFoundError || (code === Code.NOT_FOUND && /^namespace .*not found/i.test(message));
}

/** Temporal's client wraps the error of the gRPC call as the cause of its own. */
function callError(error: unknown): unknown {
  let current = error;
  while (current instanceof Error && !('code' in current) && current.cause !== undefined) current = current.cause;
  return current;
}
