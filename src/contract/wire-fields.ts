import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** A length-delimited field as it stands in a message's encoding. */
export interface WireField {
  readonly no: number;
  /** With tag and length. */
  readonly bytes: Uint8Array;
  readonly content: Uint8Array;
}

/**
 * Takes a message apart without decoding it: the length-delimited fields of these numbers, and the encoding of all else.
 *
 * @throws Error when the bytes are no message
 */
export function splitFields(message: Uint8Array, numbers: ReadonlySet<number>): { readonly fields: readonly WireField[]; readonly rest: Uint8Array } {
  const reader = new BinaryReader(message);
  const fields: WireField[] = [];
  const rest: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [no, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited && numbers.has(no)) {
      const content = reader.bytes();
      fields.push({ no, bytes: message.subarray(start, reader.pos), content });
    } else {
      reader.skip(wireType, no);
      rest.push(message.subarray(start, reader.pos));
    }
  }
  return { fields, rest: Buffer.concat(rest) };
}
