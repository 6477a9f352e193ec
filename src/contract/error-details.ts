import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { anyPack, anyUnpack } from '@bufbuild/protobuf/wkt';
import { BadRequestSchema, ErrorInfoSchema } from './gen/google/rpc/error_details_pb.js';
import { StatusSchema } from './gen/google/rpc/status_pb.js';

/** Domain of every reason that this project defines. */
export const ERROR_DOMAIN = 'stigmer.ai';

/** What went wrong, for a program: `google.rpc.ErrorInfo`. */
export interface ErrorInfo {
  readonly type: 'ErrorInfo';
  /** UPPER_SNAKE_CASE, unique within the domain. */
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** One field of a request that is at fault. */
export interface FieldViolation {
  /** Path of the field with the names of the proto: `spec.sub_agents[0].name`. */
  readonly field: string;
  /** What is wrong with it, for a person. */
  readonly description: string;
  /** Id of the rule, or ''. */
  readonly rule: string;
}

/** Which fields of a request are at fault: `google.rpc.BadRequest`. */
export interface BadRequest {
  readonly type: 'BadRequest';
  readonly violations: readonly FieldViolation[];
}

export type ErrorDetail = ErrorInfo | BadRequest;

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
