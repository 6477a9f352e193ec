import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { anyPack, anyUnpack } from '@bufbuild/protobuf/wkt';
import type { ErrorDetail } from './errors.js';
import { BadRequestSchema, ErrorInfoSchema } from './gen/google/rpc/error_details_pb.js';
import { StatusSchema } from './gen/google/rpc/status_pb.js';

/** Content of the trailer `grpc-status-details-bin`: a `google.rpc.Status`. */
export function encodeDetails(code: number, message: string, details: readonly ErrorDetail[]): Uint8Array {
  return toBinary(StatusSchema, create(StatusSchema, { code, message, details: details.map(pack) }));
}

/** The details in the trailer `grpc-status-details-bin`. Those of types not known here are left out, and so is a trailer that cannot be read. */
export function decodeDetails(trailer: Uint8Array): ErrorDetail[] {
  try {
    return fromBinary(StatusSchema, trailer).details.flatMap(unpack);
  } catch {
    // The details only add to a code and a message, which must not be lost over them.
    return [];
  }
}

function pack(detail: ErrorDetail) {
  if (detail.type === 'ErrorInfo') {
    const { reason, domain, metadata } = detail;
    return anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason, domain, metadata }));
  }
  const fieldViolations = detail.violations.map(({ field, description, rule }) => ({ field, description, reason: rule }));
  return anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations }));
}

function unpack(any: Parameters<typeof anyUnpack>[0]): ErrorDetail[] {
  const info = anyUnpack(any, ErrorInfoSchema);
  if (info) return [{ type: 'ErrorInfo', reason: info.reason, domain: info.domain, metadata: { ...info.metadata } }];
  const bad = anyUnpack(any, BadRequestSchema);
  if (!bad) return [];
  return [
    {
      type: 'BadRequest',
      violations: bad.fieldViolations.map(({ field, description, reason }) => ({ field, description, rule: reason })),
    },
  ];
}
