import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { byteLength } from '../../contract/limits.js';

/** The text, or its beginning and a note of what is missing, so that it has at most about so many bytes. */
export function cutText(text: string, most: number): string {
  const bytes = byteLength(text);
  if (bytes <= most) return text;
  // The last character may be cut in two, which decodes to the replacement character.
  const kept = Buffer.from(text).subarray(0, most).toString().replace(/\uFFFD+$/, '');
  return `${kept}\n… [cut: ${bytes - byteLength(kept)} of ${bytes} bytes are not shown]`;
}

/** The object with long texts in it cut, if all of it is over the limit. */
export function cutArguments(args: JsonObject, most: number): JsonObject {
  if (byteLength(JSON.stringify(args)) <= most) return args;
  const share = Math.floor(most / 8);
  const visit = (value: JsonValue): JsonValue => {
    if (typeof value === 'string') return cutText(value, share);
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, visit(one)]));
  };
  const cut = visit(args) as JsonObject;
  return byteLength(JSON.stringify(cut)) <= most ? cut : { arguments: cutText(JSON.stringify(args), share) };
}
