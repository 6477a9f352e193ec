/** Reading and writing the few fields of protobuf that a load client looks at, at no cost worth speaking of. */

/** The varint at `at`, below 2^53, and where the next field begins. */
export function readVarint(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } {
  let value = 0;
  let factor = 1;
  for (let next = at; ; next += 1) {
    const byte = bytes[next]!;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return { value, next: next + 1 };
    factor *= 128;
  }
}

/** A varint of five bytes, whatever the number: readers take leading zeros, and a place for it can be kept in a template. */
export const PADDED_VARINT = 5;

export function writePaddedVarint(out: Uint8Array, at: number, value: number): void {
  let rest = value;
  for (let i = 0; i < PADDED_VARINT - 1; i += 1) {
    out[at + i] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  out[at + PADDED_VARINT - 1] = rest;
}

export function field(number: number, content: Uint8Array): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}
