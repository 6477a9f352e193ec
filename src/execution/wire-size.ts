import type { JsonObject, JsonValue, Message } from '@bufbuild/protobuf';
import { byteLength } from '../contract/limits.js';

/** Bytes of a number as a varint. */
export function sizeOfVarint(value: number): number {
  let bytes = 1;
  while (value >= 0x80) {
    value = Math.floor(value / 0x80);
    bytes++;
  }
  return bytes;
}

/** Bytes of a 64-bit number as a varint. */
export function sizeOfVarint64(value: bigint): number {
  let bytes = 1;
  while (value >= 0x80n) {
    value >>= 7n;
    bytes++;
  }
  return bytes;
}

/** Bytes of a field with this many bytes of content, its number being below 16: tag, length, content. */
export function sizeOfField(content: number): number {
  return 1 + sizeOfVarint(content) + content;
}

/** Bytes of a string field; an empty one is not written. */
export function sizeOfText(text: string): number {
  return text === '' ? 0 : sizeOfField(byteLength(text));
}

/** Bytes of an enum or number field; 0 is not written. */
export function sizeOfNumber(value: number): number {
  return value === 0 ? 0 : 1 + sizeOfVarint(value);
}

/** Bytes of an optional google.protobuf.Struct field. */
export function sizeOfStruct(struct: JsonObject | undefined): number {
  return struct === undefined ? 0 : sizeOfField(structContent(struct));
}

/** Bytes of the fields that a message carries without knowing them. */
export function sizeOfUnknown(message: Message): number {
  let bytes = 0;
  for (const field of message.$unknown ?? []) bytes += sizeOfVarint(field.no * 8) + field.data.length;
  return bytes;
}

function structContent(struct: JsonObject): number {
  let bytes = 0;
  for (const [key, value] of Object.entries(struct)) bytes += sizeOfField(sizeOfField(byteLength(key)) + sizeOfField(valueContent(value)));
  return bytes;
}

function valueContent(value: JsonValue): number {
  if (typeof value === 'string') return sizeOfField(byteLength(value));
  if (typeof value === 'number') return 9;
  if (typeof value === 'boolean' || value === null) return 2;
  if (!Array.isArray(value)) return sizeOfField(structContent(value));
  let bytes = 0;
  for (const element of value) bytes += sizeOfField(valueContent(element));
  return sizeOfField(bytes);
}
