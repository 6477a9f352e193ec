import { Metadata } from '@grpc/grpc-js';
import { decodeDetails, encodeDetails } from './error-details.js';
import { Code, DETAILS_TRAILER, type ErrorDetail, StigmerError } from './errors.js';

/** A status as grpc-js takes it from a handler and hands it to a client. */
export interface GrpcStatus {
  readonly code: Code;
  /** The message, for a person. */
  readonly details: string;
  /** The trailer, with the details of the error. */
  readonly metadata: Metadata;
}

/**
 * Most bytes of a message and of the encoded details in a trailer. gRPC clients refuse trailers of more than 8 KiB by default, and
 * then report that instead of the error.
 */
const MESSAGE_BYTES = 2 * 1024;
const DETAILS_BYTES = 3 * 1024;

/** The status that ends a call with this error. A message or list of violations too long for a trailer is cut. */
export function toGrpcStatus(error: unknown): GrpcStatus {
  const { code, message, details } = StigmerError.from(error);
  const metadata = new Metadata();
  const text = cut(message, MESSAGE_BYTES);
  if (details.length > 0) metadata.set(DETAILS_TRAILER, Buffer.from(encodeBounded(code, text, details)));
  return { code, details: text, metadata };
}

/** The error that a status tells of, its details included. Code 0 and numbers that gRPC does not know become UNKNOWN. */
export function fromGrpcStatus(status: { readonly code: number; readonly details: string; readonly metadata?: Metadata }): StigmerError {
  const known = Number.isInteger(status.code) && status.code > Code.OK && status.code <= Code.UNAUTHENTICATED;
  const trailer = status.metadata?.get(DETAILS_TRAILER)[0];
  const details = trailer instanceof Uint8Array ? decodeDetails(trailer) : [];
  return new StigmerError(known ? (status.code as Code) : Code.UNKNOWN, status.details, { details, cause: status });
}

// grpc-go reads the message from here rather than from `grpc-message`, so it stands in both.
function encodeBounded(code: Code, text: string, details: readonly ErrorDetail[]): Uint8Array {
  const encoded = encodeDetails(code, text, details);
  if (encoded.length <= DETAILS_BYTES || details.length === 0) return encoded;
  const fewer = details.flatMap((detail): ErrorDetail[] => {
    if (detail.type !== 'BadRequest' || detail.violations.length < 2) return [];
    return [{ ...detail, violations: detail.violations.slice(0, detail.violations.length / 2) }];
  });
  return encodeBounded(code, text, fewer);
}

function cut(text: string, bytes: number): string {
  const encoded = Buffer.from(text);
  if (encoded.length <= bytes) return text;
  // A character that is cut in two at the end decodes to the replacement character.
  return `${encoded.subarray(0, bytes).toString().replace(/\ufffd+$/, '')}…`;
}
