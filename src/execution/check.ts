import { invalidArgument } from '../contract/errors.js';

/** A message of an event that must be there. @throws StigmerError INVALID_ARGUMENT */
export function required<T>(field: string, value: T | undefined): T {
  if (value === undefined) throw invalidArgument(field, 'must be set');
  return value;
}

/** An id that must not be empty. @throws StigmerError INVALID_ARGUMENT */
export function requiredId(field: string, id: string): string {
  if (id === '') throw invalidArgument(field, 'must not be empty');
  return id;
}

/** The number of an enum whose values run from 0 to `last`. @throws StigmerError INVALID_ARGUMENT */
export function knownNumber(field: string, value: number, last: number): void {
  if (!(value >= 0 && value <= last)) throw invalidArgument(field, `must be a number from 0 to ${last} and is ${value}`);
}
