import { createHash } from 'node:crypto';
import { invalidArgument } from '../../contract/errors.js';

/**
 * A place in a list, for the client to send back. It holds the key of the last entry, so that it stays right while entries come and
 * go, and a mark of the conditions that the list was asked for under, so that it cannot be taken to another list.
 */
export function encodePageToken(after: string, conditions: unknown): string {
  return Buffer.from(`${mark(conditions)}:${after}`, 'utf8').toString('base64url');
}

/** The key in a token; '' for no token. INVALID_ARGUMENT for a text that is no token, or one of another list. */
export function decodePageToken(token: string, conditions: unknown, field = 'page_token'): string {
  if (token === '') return '';
  const text = Buffer.from(token, 'base64url').toString('utf8');
  const [conditionMark, after] = [text.slice(0, MARK_LENGTH), text.slice(MARK_LENGTH + 1)];
  if (encodePageToken(after, conditions) === token && after !== '') return after;
  const foreign = /^[0-9a-f]{16}:./.test(text) && conditionMark !== mark(conditions);
  throw invalidArgument(
    field,
    foreign ? 'belongs to a list with other conditions; start again without a token' : 'is not a page token of this server',
  );
}

const MARK_LENGTH = 16;

function mark(conditions: unknown): string {
  return createHash('sha256').update(JSON.stringify(conditions)).digest('hex').slice(0, MARK_LENGTH);
}
