import { type Json, toText, typeOf } from './json.js';

/** An error that an expression raises and `try` catches. */
export class JqError extends Error {
  override readonly name = 'JqError';
  /** What `catch` sees: mostly a text. */
  readonly value: Json;

  constructor(value: Json) {
    super(typeof value === 'string' ? value : `${toText(value)} (not a string)`);
    this.value = value;
  }
}

/** The expression cannot be read. `offset` is the place in its text, from 0. */
export class SyntaxFault extends Error {
  override readonly name = 'SyntaxFault';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** The expression used more than it may: it ends, and `try` in it does not see why. */
export class LimitExceeded extends Error {
  override readonly name = 'LimitExceeded';
}

const SHOWN = 30;

/** `number (12)`: type and beginning of a value, for error texts. */
export function shown(value: Json): string {
  if (value === null) return 'null';
  const text = toText(value);
  return `${typeOf(value)} (${text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`})`;
}
