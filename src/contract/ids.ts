import { monotonicFactory } from 'ulid';
import type { Clock } from './clock.js';
import { invalidArgument } from './errors.js';
import { type ApiResourceKind, kindByIdPrefix, resourceKind, type ResourceKind } from './kinds.js';

/** Makes an id for a new resource of a kind. */
export type NewId = (kind: ApiResourceKind) => string;

/**
 * Makes ids of the form `<prefix>-<ULID in lower case>`, as the contract has them. Each is greater than those made before by the
 * same function, so that the order of ids is the order of creation, also within one millisecond and when the clock goes back.
 */
export function idFactory(clock: Clock): NewId {
  const ulid = monotonicFactory();
  let latest = 0;
  return (kind) => {
    latest = Math.max(latest, clock.now());
    return `${resourceKind(kind).idPrefix}-${ulid(latest).toLowerCase()}`;
  };
}

const ID = /^([a-z]+)-[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** Whether this is an id as the server makes them for this kind. */
export function isId(kind: ApiResourceKind, text: string): boolean {
  return kindOfId(text)?.kind === kind;
}

/** Kind of an id as the server makes them; undefined for any other text. */
export function kindOfId(text: string): ResourceKind | undefined {
  const prefix = ID.exec(text)?.[1];
  return prefix === undefined ? undefined : kindByIdPrefix(prefix);
}

const GIVEN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * Refuses an id that a client gave unless it can stand in a path, a URL and a Temporal workflow id: letters, digits, `.`, `_` and
 * `-`, 128 at most, the first a letter or digit. INVALID_ARGUMENT names `field`.
 */
export function assertGivenId(field: string, text: string): void {
  if (!GIVEN_ID.test(text)) {
    throw invalidArgument(field, 'must be 1 to 128 letters, digits, dots, underscores or hyphens and start with a letter or digit');
  }
}
