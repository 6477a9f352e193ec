import { byteLength } from '../contract/limits.js';

/** The text, or as many whole characters of it as fit into `bytes` of UTF-8 together with `mark`, which then ends it. */
export function shorten(text: string, bytes: number, mark = ' …'): string {
  if (text.length * 3 <= bytes || byteLength(text) <= bytes) return text;
  const encoded = Buffer.from(text);
  let end = bytes - byteLength(mark);
  while (end > 0 && ((encoded[end] as number) & 0xc0) === 0x80) end--;
  return encoded.toString('utf8', 0, end) + mark;
}
