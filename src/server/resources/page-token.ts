import { createHash } from 'node:crypto';
import { invalidArgument } from '../../contract/errors.js';

const MARK_LENGTH = 16;

/**
 * A place in a list, for the client to send back. It holds the key of the last entry, so that it stays right while entries come and
 * go, and a mark made from it and from the conditions that the list was asked for under, so that it cannot be taken to another list.
 */
export function encodePageToken(after: string, conditions: unknown): string {
  return Buffer.from(mark(after, conditions) + after, 'utf8').toString('base64url');
}

/** The key in a token; '' for no token. INVALID_ARGUMENT for a text that is no token, or one of another list. */
export function decodePageToken(token: string, conditions: unknown, field = 'page_token'): string {
  if (token === '') return '';
  const after = Buffer.from(token, 'base64url').toString('utf8').slice(MARK_LENGTH);
  if (after !== '' && encodePageToken(after, conditions) === token) return after;
  throw invalidArgument(field, 'is not a page token of this list with these conditions; start again without one');
}

function mark(after: string, conditions: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([conditions, after]))
    .digest('hex')
    .slice(0, MARK_LENGTH);
}
