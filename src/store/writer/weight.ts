import type { WriterOp } from './protocol.js';

/** What a change weighs beside its bytes: names, numbers, the object itself. */
const FIXED_BYTES = 256;

/** About what a write holds in memory while it waits. Never 0. */
export function weightOf(ops: readonly WriterOp[]): number {
  let bytes = FIXED_BYTES;
  for (const op of ops) bytes += FIXED_BYTES + payloadOf(op);
  return bytes;
}

function payloadOf(op: WriterOp): number {
  switch (op.op) {
    case 'append':
      return sum(op.events) + (op.snapshot?.length ?? 0);
    case 'insert-execution':
      return sum(op.events) + op.row.data.length;
    case 'insert-resource':
    case 'update-resource':
    case 'update-execution':
      return op.row.data.length;
    case 'put-sealed':
      return sum(op.values.map((value) => value.sealed));
    case 'put-idempotent':
      return op.response.length;
    default:
      return 0;
  }
}

function sum(parts: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const part of parts) bytes += part.length;
  return bytes;
}
