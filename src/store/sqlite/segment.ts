import { crc32 } from 'node:zlib';

/** One row of the log carries one append: each event behind its length as a varint, as delimited protobuf messages have it. */
export function packEvents(events: readonly Uint8Array[]): Buffer {
  let size = 0;
  for (const event of events) size += varintLength(event.length) + event.length;
  const packed = Buffer.allocUnsafe(size);
  let at = 0;
  for (const event of events) {
    let length = event.length;
    for (; length > 0x7f; length = Math.floor(length / 128)) packed[at++] = (length % 128) | 0x80;
    packed[at++] = length;
    packed.set(event, at);
    at += event.length;
  }
  return packed;
}

/** The events of a row. Throws a RangeError when the lengths do not add up to `count` events. */
export function unpackEvents(packed: Uint8Array, count: number): Uint8Array[] {
  const events: Uint8Array[] = [];
  let at = 0;
  while (at < packed.length) {
    let length = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = packed[at++];
      if (byte === undefined) throw new RangeError('it ends within a length');
      length += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    if (at + length > packed.length) throw new RangeError(`an event of ${length} bytes goes beyond its end`);
    events.push(packed.subarray(at, at + length));
    at += length;
  }
  if (events.length !== count) throw new RangeError(`it has ${events.length} events, and should have ${count}`);
  return events;
}

/** Checksum of a row's bytes, bound to the revision that they belong to. */
export function checksum(bytes: Uint8Array, revision: number): number {
  return crc32(bytes, revision >>> 0);
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) length++;
  return length;
}
