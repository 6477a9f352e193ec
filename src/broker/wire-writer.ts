/**
 * A part of a protobuf message: a varint field, a length-delimited field, a field that holds a message of parts, or fields that are
 * encoded already.
 */
export type Part =
  | { readonly no: number; readonly varint: number }
  | { readonly no: number; readonly bytes: Uint8Array }
  | { readonly no: number; readonly parts: readonly Part[] }
  | Uint8Array;

/**
 * Puts a message together from its parts, into one buffer. Fields that are encoded already are copied and not looked at: an event goes
 * from the log to a watcher in the bytes in which it came. Varints are below 2^53; one that is 0 is left out, as proto3 does.
 */
export function writeMessage(parts: readonly Part[]): Uint8Array {
  const sizes: number[] = [];
  const out = new Uint8Array(measureAll(parts, sizes));
  new Cursor(out, sizes).writeAll(parts);
  return out;
}

/** Sizes of nested messages, in the order in which they are written. */
function measureAll(parts: readonly Part[], sizes: number[]): number {
  let size = 0;
  for (const part of parts) size += measure(part, sizes);
  return size;
}

function measure(part: Part, sizes: number[]): number {
  if (part instanceof Uint8Array) return part.length;
  const tag = varintLength(part.no * 8);
  if ('varint' in part) return part.varint === 0 ? 0 : tag + varintLength(part.varint);
  if ('bytes' in part) return tag + varintLength(part.bytes.length) + part.bytes.length;
  const place = sizes.push(0) - 1;
  const content = measureAll(part.parts, sizes);
  sizes[place] = content;
  return tag + varintLength(content) + content;
}

class Cursor {
  readonly #out: Uint8Array;
  readonly #sizes: readonly number[];
  #nested = 0;
  #at = 0;

  constructor(out: Uint8Array, sizes: readonly number[]) {
    this.#out = out;
    this.#sizes = sizes;
  }

  writeAll(parts: readonly Part[]): void {
    for (const part of parts) this.#write(part);
  }

  #write(part: Part): void {
    if (part instanceof Uint8Array) {
      this.#copy(part);
    } else if ('varint' in part) {
      if (part.varint === 0) return;
      this.#varint(part.no * 8);
      this.#varint(part.varint);
    } else {
      this.#varint(part.no * 8 + 2);
      if ('bytes' in part) {
        this.#varint(part.bytes.length);
        this.#copy(part.bytes);
      } else {
        this.#varint(this.#sizes[this.#nested++] as number);
        this.writeAll(part.parts);
      }
    }
  }

  #copy(bytes: Uint8Array): void {
    this.#out.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #varint(value: number): void {
    while (value >= 0x80) {
      this.#out[this.#at++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#out[this.#at++] = value;
  }
}

function varintLength(value: number): number {
  let length = 1;
  for (; value >= 0x80; value = Math.floor(value / 0x80)) length++;
  return length;
}
