import { fromBinary } from '@bufbuild/protobuf';
import { invalidArgument } from '../../contract/errors.js';
import { splitFields } from '../../contract/wire-fields.js';
import { StatusEncoding } from '../../execution/status-encoding.js';
import type { ExecutionStatus, Update } from '../../execution/update.js';
import type { CallContext } from '../rpc.js';
import type { ExecutionsContext } from './context.js';
import { encodeExecution } from './execution-message.js';
import { type ExecutionKind } from './execution-kind.js';
import { keepLargeResults } from './large-results.js';
import { assertKind } from './assert-kind.js';

/**
 * Takes in a full status, as the original's runners send it, and answers the encoded execution as it then is, once that is on disk. From
 * the workflow worker it is the run's last word, which fills what is missing and never undoes an end. The request comes in its encoding,
 * of which only what changed since the last one is decoded.
 */
export async function updateStatus(context: ExecutionsContext, kind: ExecutionKind, request: Uint8Array, call: CallContext): Promise<Uint8Array> {
  const { executionId, status } = readRequest(context, kind, request);
  const update: Update = { type: call.caller.kind === 'worker' ? 'final' : 'status', status };
  return context.actors.actor(executionId).submit({
    update: await keepLargeResults(context.store.artifacts, executionId, update),
    check: ({ row }) => assertKind(kind, row),
    answer: ({ envelope, projection, encoding }) => encodeExecution(envelope, projection, encoding),
  });
}

/** Number of the field `status` in the requests of both kinds of executions. */
const STATUS = new Set([2]);

function readRequest({ actors }: ExecutionsContext, kind: ExecutionKind, request: Uint8Array): { readonly executionId: string; readonly status: ExecutionStatus } {
  const { fields, rest } = wellFormed(kind, () => splitFields(request, STATUS));
  const { executionId } = wellFormed(kind, () => fromBinary(kind.statusInputSchema, rest)) as unknown as { readonly executionId: string };
  if (executionId === '') throw invalidArgument('execution_id', 'execution_id is required');
  if (fields.length === 0) throw invalidArgument('status', 'status is required');
  const known = actors.peek(executionId)?.encoding;
  const encoding = known?.schema === kind.statusSchema ? known : new StatusEncoding(kind.statusSchema);
  // A message that comes in several pieces is their sum, as protobuf has it.
  const bytes = fields.length === 1 ? fields[0]!.content : Buffer.concat(fields.map(({ content }) => content));
  return { executionId, status: wellFormed(kind, () => encoding.decode(bytes)) };
}

function wellFormed<T>({ statusInputSchema }: ExecutionKind, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw invalidArgument('request', `must be a ${statusInputSchema.typeName} and cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}
