import { createHash } from 'node:crypto';
import { type DescMessage, type DescMethodUnary, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { Clock } from '../../contract/clock.js';
import { Code, invalidArgument, StigmerError } from '../../contract/errors.js';
import type { Store, WriteOp } from '../../store/ports.js';
import type { CallContext } from '../rpc.js';

/** How long an answer is kept under its key, in milliseconds. */
export const IDEMPOTENCY_TTL_MS = 24 * 60 * 60 * 1000;

const MAX_KEY_LENGTH = 255;

/**
 * Runs a command once for each idempotency key of a caller. `run` gets the function that makes, from the answer, the changes which keep
 * it, and writes them in the same transaction as its own; so either both are there or neither. Without a key, and when `run` wrote
 * nothing, nothing is kept. INVALID_ARGUMENT when the key came with another request before.
 */
export async function idempotent<I extends DescMessage, O extends DescMessage>(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  method: DescMethodUnary<I, O>,
  request: MessageShape<I>,
  call: CallContext,
  run: (keep: (answer: MessageShape<O>) => readonly WriteOp[]) => Promise<MessageShape<O>>,
): Promise<MessageShape<O>> {
  if (call.idempotencyKey === '') return run(() => []);
  const key = keyOf(call);
  const requestHash = hashOf(key, method, request);
  const kept = await keptAnswer(store, clock, key, requestHash, method.output);
  if (kept !== undefined) return kept;
  try {
    return await run((answer) => [
      { op: 'put-idempotent', key, requestHash, response: toBinary(method.output, answer), expiresAt: clock.now() + IDEMPOTENCY_TTL_MS },
    ]);
  } catch (error) {
    // The same call may have come a second time while the first was under way; then the first one's answer is there by now.
    const first = isTaken(error) ? await keptAnswer(store, clock, key, requestHash, method.output) : undefined;
    if (first === undefined) throw error;
    return first;
  }
}

function keyOf({ caller, idempotencyKey }: CallContext): string {
  if (idempotencyKey.length > MAX_KEY_LENGTH) {
    throw invalidArgument('idempotency-key', `must have at most ${MAX_KEY_LENGTH} characters, and has ${idempotencyKey.length}`);
  }
  return JSON.stringify([caller.kind, caller.name, idempotencyKey]);
}

function hashOf<I extends DescMessage, O extends DescMessage>(
  key: string,
  method: DescMethodUnary<I, O>,
  request: MessageShape<I>,
): string {
  return createHash('sha256')
    .update(`${key}\n${method.parent.typeName}/${method.name}\n`)
    .update(toBinary(method.input, request))
    .digest('hex');
}

async function keptAnswer<O extends DescMessage>(
  store: Store,
  clock: Clock,
  key: string,
  requestHash: string,
  output: O,
): Promise<MessageShape<O> | undefined> {
  const kept = await store.idempotency.get(key, clock.now());
  if (kept === undefined) return undefined;
  if (kept.requestHash !== requestHash) throw invalidArgument('idempotency-key', 'was used for another request within the last 24 hours');
  return fromBinary(output, kept.response);
}

function isTaken(error: unknown): boolean {
  return error instanceof StigmerError && error.code === Code.ALREADY_EXISTS;
}
