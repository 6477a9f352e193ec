/** Status codes of gRPC, with their numbers. The edges turn them into HTTP statuses and exit codes. */
export const Code = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;
export type Code = (typeof Code)[keyof typeof Code];

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

/** Trailer that carries the details of an error. */
export const DETAILS_TRAILER = 'grpc-status-details-bin';

/** What an error may say beside its message. */
export interface ErrorOptions {
  /** UPPER_SNAKE_CASE, for programs. */
  readonly reason?: string;
  /** Names and numbers that belong to the reason. Never secrets. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/**
 * The one error class. Its message is for a person: what failed, the address or value, what to do. Its code and details are for
 * programs; the edges turn them into gRPC, HTTP and CLI form.
 */
export class StigmerError extends Error {
  override readonly name = 'StigmerError';
  readonly code: Code;
  readonly details: readonly ErrorDetail[];

  constructor(code: Code, message: string, options: { readonly details?: readonly ErrorDetail[]; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? [];
  }

  /** Name of the code: `NOT_FOUND`. */
  get codeName(): keyof typeof Code {
    return codeName(this.code);
  }

  /** The reason for programs, or undefined. */
  get reason(): string | undefined {
    return this.details.find((detail) => detail.type === 'ErrorInfo')?.reason;
  }

  /** The fields at fault; empty unless the code is INVALID_ARGUMENT. */
  get violations(): readonly FieldViolation[] {
    return this.details.flatMap((detail) => (detail.type === 'BadRequest' ? detail.violations : []));
  }

  /**
   * Any thrown value as a StigmerError:
   * - a StigmerError is returned as it is;
   * - an error of a gRPC call (a number from 1 to 16 as its `code`, a text as its `details`) keeps code and text; the details in its
   *   trailer are read by `fromGrpcStatus`, so that whoever has no gRPC need not load its messages;
   * - an AbortError is CANCELLED, a TimeoutError DEADLINE_EXCEEDED (both as `AbortSignal` makes them);
   * - anything else is INTERNAL, with its message.
   *
   * The original becomes the cause.
   */
  static from(error: unknown): StigmerError {
    if (error instanceof StigmerError) return error;
    if (isCallError(error)) return new StigmerError(error.code, error.details, { cause: error });
    if (!(error instanceof Error)) return new StigmerError(Code.INTERNAL, String(error), { cause: error });
    if (error.name === 'AbortError') return new StigmerError(Code.CANCELLED, error.message, { cause: error });
    if (error.name === 'TimeoutError') return new StigmerError(Code.DEADLINE_EXCEEDED, error.message, { cause: error });
    return new StigmerError(Code.INTERNAL, error.message || error.name, { cause: error });
  }
}

/** Name of a code: 5 is `NOT_FOUND`. A number that gRPC does not know is `UNKNOWN`. */
export function codeName(code: number): keyof typeof Code {
  const names = Object.keys(Code) as (keyof typeof Code)[];
  return names.find((name) => Code[name] === code) ?? 'UNKNOWN';
}

/** NOT_FOUND. `kindName` is the resource's kind (`Agent`); existing clients search for the words "not found". */
export function notFound(kindName: string, id: string): StigmerError {
  return new StigmerError(Code.NOT_FOUND, `${kindName} not found: ${id}`, { details: [info('NOT_FOUND', { kind: kindName, id })] });
}

/** ALREADY_EXISTS. `what` says which key is taken (`slug 'x'`); existing clients search for the words "already exists". */
export function alreadyExists(kindName: string, what: string, id: string): StigmerError {
  return new StigmerError(Code.ALREADY_EXISTS, `${kindName} with ${what} already exists (id: ${id})`, {
    details: [info('ALREADY_EXISTS', { kind: kindName, id })],
  });
}

/** INVALID_ARGUMENT for one field. `field` is its path with the names of the proto, `rule` what it must be: `must not be empty`. */
export function invalidArgument(field: string, rule: string): StigmerError {
  return new StigmerError(Code.INVALID_ARGUMENT, `${field}: ${rule}`, {
    details: [{ type: 'BadRequest', violations: [{ field, description: rule, rule: '' }] }],
  });
}

/** RESOURCE_EXHAUSTED: `what` ("message of the run") is larger than it may be. Both numbers are told. */
export function resourceExhausted(what: string, limit: number, actual: number, unit = 'bytes'): StigmerError {
  const metadata = { what, limit: String(limit), actual: String(actual), unit };
  return new StigmerError(Code.RESOURCE_EXHAUSTED, `${what} has ${actual} ${unit}, the limit is ${limit} ${unit}`, {
    details: [info('LIMIT_EXCEEDED', metadata)],
  });
}

/** FAILED_PRECONDITION: the request is well formed, but not in this state; repeating it as it is will not help. */
export const failedPrecondition = of(Code.FAILED_PRECONDITION);

/** UNAVAILABLE: something that is needed does not answer. The message names it, its address, and the command that mends it. */
export const unavailable = of(Code.UNAVAILABLE);

/** ABORTED: another writer was faster; the caller may read again and repeat. */
export const aborted = of(Code.ABORTED);

/** DATA_LOSS: what is stored cannot be read. */
export const dataLoss = of(Code.DATA_LOSS);

/** UNAUTHENTICATED: the caller did not say who it is, or not credibly. */
export const unauthenticated = of(Code.UNAUTHENTICATED);

/** PERMISSION_DENIED: the caller is known and may not do this. */
export const permissionDenied = of(Code.PERMISSION_DENIED);

/** UNIMPLEMENTED: the method exists in the contract, and is not served here. */
export const unimplemented = of(Code.UNIMPLEMENTED);

/** CANCELLED: the caller gave up. */
export const cancelled = of(Code.CANCELLED);

/** DEADLINE_EXCEEDED: it took longer than the caller would wait. */
export const deadlineExceeded = of(Code.DEADLINE_EXCEEDED);

/** INTERNAL: a fault of this program. */
export const internal = of(Code.INTERNAL);

function of(code: Code) {
  return (message: string, options: ErrorOptions = {}): StigmerError =>
    new StigmerError(code, message, {
      details: options.reason === undefined ? [] : [info(options.reason, options.metadata ?? {})],
      cause: options.cause,
    });
}

function info(reason: string, metadata: Readonly<Record<string, string>>): ErrorInfo {
  return { type: 'ErrorInfo', reason, domain: ERROR_DOMAIN, metadata };
}

/** The part of grpc-js's ServiceError that is read here, so that this file need not load grpc-js. */
interface CallError {
  readonly code: Code;
  readonly details: string;
}

function isCallError(error: unknown): error is CallError {
  if (typeof error !== 'object' || error === null) return false;
  const { code, details } = error as Record<string, unknown>;
  return typeof code === 'number' && Number.isInteger(code) && code > Code.OK && code <= Code.UNAUTHENTICATED && typeof details === 'string';
}
