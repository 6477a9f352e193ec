import { encode } from '@temporalio/common/lib/encoding.js';
import { isProtoPayload } from './proto-payload.js';

/** A status in proto JSON, as far as a workflow reads it. The fields are those of both kinds of executions. */
export interface StatusJson {
  readonly phase?: string | number;
  readonly error?: string;
  readonly startedAt?: string;
  readonly completedAt?: string;
  readonly [field: string]: unknown;
}

const TERMINAL: readonly unknown[] = ['EXECUTION_COMPLETED', 'EXECUTION_FAILED', 'EXECUTION_CANCELLED', 3, 4, 5];

/** Whether the phase is final. Proto JSON may have an enum's name or its number. */
export function isTerminalPhase(phase: string | number | undefined): boolean {
  return TERMINAL.includes(phase);
}

/** The status that a runner answered with; undefined when it is another message or none. */
export function readStatus(answer: unknown, type: string): StatusJson | undefined {
  if (!isProtoPayload(answer) || answer.type !== type) return undefined;
  return typeof answer.json === 'object' && answer.json !== null ? (answer.json as StatusJson) : undefined;
}

/** Temporal refuses the arguments of an activity above 2 MiB; the rest is room for the other argument and the names. */
const LARGEST_STATUS_BYTES = 2 * 1024 * 1024 - 16 * 1024;

/** The status, or of one that is too large to be passed on, what cannot be known otherwise: phase, error and times. */
export function fittingStatus(status: StatusJson): StatusJson {
  return encode(JSON.stringify(status)).length <= LARGEST_STATUS_BYTES ? status : outcomeOnly(status);
}

const OUTCOME: readonly string[] = ['phase', 'error', 'startedAt', 'completedAt'];

/** Phase, error and times of a status, those that it has. */
export function outcomeOnly(status: StatusJson): StatusJson {
  return Object.fromEntries(Object.entries(status).filter(([field]) => OUTCOME.includes(field)));
}
