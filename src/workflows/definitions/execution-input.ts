import { ApplicationFailure } from '@temporalio/workflow';
import { isProtoPayload, type ProtoPayload } from '../payloads/proto-payload.js';

/** What a workflow reads of the execution that it was started with. */
export interface ExecutionInput {
  /** The message as it came: passed on to the runner as it is. */
  readonly execution: ProtoPayload;
  readonly executionId: string;
  /** Empty for executions without a session. */
  readonly sessionId: string;
}

interface ExecutionJson {
  readonly metadata?: { readonly id?: string };
  readonly spec?: { readonly sessionId?: string };
}

/** Reads a workflow's first argument. Another message, or one without an id, fails the workflow for good: nobody could be told of its end. */
export function readExecution(input: unknown, type: string): ExecutionInput {
  const json = isProtoPayload(input) && input.type === type ? (input.json as ExecutionJson | null | undefined) : undefined;
  const executionId = json?.metadata?.id;
  if (!isProtoPayload(input) || !executionId) {
    throw ApplicationFailure.nonRetryable(`the first argument must be a ${type} with metadata.id, as json/protobuf`, 'InvalidInput');
  }
  return { execution: input, executionId, sessionId: json.spec?.sessionId ?? '' };
}
