import type { Budget } from '../jq/budget.js';
import { JqError, shown } from '../jq/errors.js';
import { asText, type Json, toText, typeOf } from '../jq/json.js';

const HTML: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', "'": '&apos;', '"': '&quot;' };

/** A value in one of jq's formats: `@csv`, `@uri` … */
export function formatText(name: string, value: Json, budget: Budget): string {
  const text = formatted(name, value);
  budget.text(text.length);
  return text;
}

function formatted(name: string, value: Json): string {
  switch (name) {
    case 'text':
      return asText(value);
    case 'json':
      return toText(value);
    case 'html':
      return asText(value).replaceAll(/[<>&'"]/g, (char) => HTML[char] as string);
    case 'uri':
      return encodeUri(asText(value));
    case 'csv':
      return row(value, 'csv', (text) => `"${text.replaceAll('"', '""')}"`).join(',');
    case 'tsv':
      return row(value, 'tsv', (text) => text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r')).join('\t');
    case 'sh':
      return (Array.isArray(value) ? value : [value]).map(shellWord).join(' ');
    case 'base64':
      return encodeBase(utf8(asText(value)), BASE64, 6, 4);
    case 'base64d':
      return decodeBase(asText(value), BASE64, 6);
    case 'base32':
      return encodeBase(utf8(asText(value)), BASE32, 5, 8);
    case 'base32d':
      return decodeBase(asText(value), BASE32, 5);
    default:
      throw new JqError(`${name} is not a valid format`);
  }
}

export const FORMATS: readonly string[] = ['text', 'json', 'html', 'uri', 'csv', 'tsv', 'sh', 'base64', 'base64d', 'base32', 'base32d'];

function encodeUri(text: string): string {
  const unreserved = /[A-Za-z0-9\-_.~]/;
  return [...utf8(text)].map((byte) => (byte < 128 && unreserved.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)).join('');
}

function row(value: Json, format: string, quoted: (text: string) => string): string[] {
  if (!Array.isArray(value)) throw new JqError(`${shown(value)} cannot be ${format}-formatted, only an array can be`);
  return value.map((cell) => {
    if (cell === null) return '';
    if (typeof cell === 'string') return quoted(cell);
    if (typeof cell === 'object') throw new JqError(`${shown(cell)} is not valid in a ${format} row`);
    return toText(cell);
  });
}

function shellWord(value: Json): string {
  if (typeof value === 'object' && value !== null) throw new JqError(`${shown(value)} can not be escaped for shell`);
  return typeof value === 'string' ? `'${value.replaceAll("'", String.raw`'\''`)}'` : toText(value);
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The text's bytes in UTF-8. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function encodeBase(bytes: Uint8Array, alphabet: string, bits: number, block: number): string {
  let text = '';
  let held = 0;
  let count = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    count += 8;
    while (count >= bits) {
      count -= bits;
      text += alphabet[(held >> count) & (2 ** bits - 1)];
    }
    held &= 2 ** count - 1;
  }
  if (count > 0) text += alphabet[(held << (bits - count)) & (2 ** bits - 1)];
  return text.padEnd(Math.ceil(text.length / block) * block, '=');
}

function decodeBase(text: string, alphabet: string, bits: number): string {
  const bytes: number[] = [];
  let held = 0;
  let count = 0;
  for (const char of text.replace(/=+$/, '')) {
    const digit = alphabet.indexOf(char);
    if (digit < 0) throw new JqError(`${typeOf(text)} (${toText(text).slice(0, 30)}) is not valid base${2 ** bits} data`);
    held = (held << bits) | digit;
    count += bits;
    if (count >= 8) {
      count -= 8;
      bytes.push((held >> count) & 255);
    }
    held &= 2 ** count - 1;
  }
  if (bytes.length === 0 && text.replace(/=+$/, '') !== '') throw new JqError(`${typeOf(text)} (${toText(text)}) is not valid base${2 ** bits} data`);
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
