import { type DescMessage, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { splitFields } from '../contract/wire-fields.js';
import type { ExecutionStatus } from './update.js';

/** A message, task or call of a status with its encoding, tag and length included. */
interface Element {
  readonly message: Message;
  readonly bytes: Uint8Array;
}

/** A repeated field of the status, and its elements when it was encoded last. */
interface ListField {
  readonly no: number;
  readonly name: string;
  readonly element: DescMessage;
  encoded: Element[];
}

/**
 * Encodes and decodes the status of one execution, which is sent whole again and again and differs little: an element that is the one of
 * last time is not encoded again, and one that comes in the bytes of last time is not decoded but is that very element. Elements are
 * never changed, only replaced, so it does not matter how old the last time is.
 */
export class StatusEncoding {
  readonly schema: DescMessage;
  readonly #lists: readonly ListField[];
  readonly #numbers: ReadonlySet<number>;
  #bytes = 0;

  constructor(schema: DescMessage) {
    this.schema = schema;
    this.#lists = schema.fields.flatMap((field) =>
      field.fieldKind === 'list' && field.listKind === 'message' ? [{ no: field.number, name: field.localName, element: field.message, encoded: [] }] : [],
    );
    this.#numbers = new Set(this.#lists.map(({ no }) => no));
  }

  /** Bytes that it holds. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Parts that make the status's encoding one after another. */
  encode(status: ExecutionStatus): readonly Uint8Array[] {
    const parts: Uint8Array[] = [];
    const rest: Record<string, unknown> = { ...status };
    this.#bytes = 0;
    for (const list of this.#lists) {
      const messages = rest[list.name] as readonly Message[];
      list.encoded = messages.map((message, i) => {
        const before = list.encoded[i];
        return before?.message === message ? before : { message, bytes: encodeElement(list, message) };
      });
      for (const { bytes } of list.encoded) {
        parts.push(bytes);
        this.#bytes += bytes.length;
      }
      rest[list.name] = [];
    }
    parts.push(toBinary(this.schema, rest as unknown as Message));
    return parts;
  }

  /** @throws Error when the bytes are no status */
  decode(encoded: Uint8Array): ExecutionStatus {
    const { fields, rest } = splitFields(encoded, this.#numbers);
    const status = fromBinary(this.schema, rest) as unknown as Record<string, unknown>;
    const lists = new Map(this.#lists.map((list) => [list.no, { list, messages: status[list.name] as Message[] }]));
    for (const { no, bytes, content } of fields) {
      const { list, messages } = lists.get(no)!;
      const known = list.encoded[messages.length];
      messages.push(known !== undefined && Buffer.compare(known.bytes, bytes) === 0 ? known.message : fromBinary(list.element, content));
    }
    return status as unknown as ExecutionStatus;
  }
}

function encodeElement({ no, element }: ListField, message: Message): Uint8Array {
  return new BinaryWriter().tag(no, WireType.LengthDelimited).bytes(toBinary(element, message)).finish();
}
