import {
  clone,
  create,
  type DescField,
  type DescMessage,
  fromBinary,
  isMessage,
  type Message,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf';
import * as fc from 'fast-check';

export interface MessageOptions {
  /** Texts that mean something to what is tested, mixed among random ones. */
  readonly texts: readonly string[];
}

/** Any message of a type: every field may be left out, have a value that makes sense, or one that does not. */
export function messageArbitrary(schema: DescMessage, options: MessageOptions, depth = 0): fc.Arbitrary<Message> {
  if (schema.typeName.startsWith('google.protobuf.')) return fc.constant(create(schema));
  const fields = schema.fields.filter((field) => depth < 5 || field.message === undefined);
  const members = fields.map((field) => fieldArbitrary(field, options, depth).map((value) => [field, value] as const));
  return fc.tuple(...members, fc.boolean()).map((parts) => assemble(schema, parts.slice(0, -1) as [DescField, unknown][]));
}

/** What a server could decode: messages, and bytes that happen to be one. */
export function decodedArbitrary(schema: DescMessage, options: MessageOptions): fc.Arbitrary<Message> {
  const fromBytes = fc.uint8Array({ maxLength: 60 }).map((bytes) => decode(schema, bytes));
  const cut = fc.tuple(messageArbitrary(schema, options), fc.nat(400), fc.nat(255)).map(([message, place, byte]) => {
    const bytes = toBinary(schema, message);
    if (bytes.length > 0) bytes[place % bytes.length] = byte;
    return decode(schema, bytes);
  });
  return fc.oneof(
    { weight: 6, arbitrary: messageArbitrary(schema, options) },
    { weight: 1, arbitrary: fromBytes },
    { weight: 2, arbitrary: cut },
  );
}

/** A message like a valid one, with some of its fields, at any depth, replaced by those of any message. */
export function variationArbitrary(example: Message, schema: DescMessage, options: MessageOptions): fc.Arbitrary<Message> {
  return fc
    .tuple(messageArbitrary(schema, options), fc.infiniteStream(fc.nat(9)))
    .map(([other, dice]) => mix(schema, example, other, dice));
}

function mix(schema: DescMessage, left: Message, right: Message, dice: Iterator<number>): Message {
  const result = clone(schema, left) as Message & Record<string, unknown>;
  const from = right as Message & Record<string, unknown>;
  for (const field of schema.fields) {
    if (field.oneof !== undefined) continue;
    const roll = dice.next().value as number;
    const [mine, other] = [result[field.localName], from[field.localName]];
    if (field.fieldKind === 'message' && isMessage(mine) && isMessage(other))
      result[field.localName] = mix(field.message, mine, other, dice);
    else if (roll === 0) result[field.localName] = other;
  }
  return decode(schema, toBinary(schema, result));
}

function decode(schema: DescMessage, bytes: Uint8Array): Message {
  try {
    return fromBinary(schema, bytes);
  } catch {
    return create(schema);
  }
}

function assemble(schema: DescMessage, parts: readonly [DescField, unknown][]): Message {
  const message = create(schema) as Message & Record<string, unknown>;
  for (const [field, value] of parts) {
    if (value === undefined) continue;
    if (field.oneof === undefined) message[field.localName] = value;
    else message[field.oneof.localName] = { case: field.localName, value };
  }
  // Once over the wire, so that it is a message as the server sees it.
  return decode(schema, toBinary(schema, message));
}

function fieldArbitrary(field: DescField, options: MessageOptions, depth: number): fc.Arbitrary<unknown> {
  const value = ((): fc.Arbitrary<unknown> => {
    switch (field.fieldKind) {
      case 'list':
        return fc.array(single(field.listKind === 'message' ? field.message : undefined, field, options, depth), { maxLength: 3 });
      case 'map': {
        const key = fc.constantFrom(...options.texts, 'a', '__proto__', 'constructor');
        const item = single(field.mapKind === 'message' ? field.message : undefined, field, options, depth);
        return fc.array(fc.tuple(key, item), { maxLength: 3 }).map((entries) => Object.fromEntries(entries));
      }
      default:
        return single(field.message, field, options, depth);
    }
  })();
  return fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight: 3, arbitrary: value });
}

function single(message: DescMessage | undefined, field: DescField, options: MessageOptions, depth: number): fc.Arbitrary<unknown> {
  if (message?.typeName === 'google.protobuf.Struct') return fc.constantFrom({}, { a: 1 }, { variables: { a: 'b' } });
  if (message !== undefined) return messageArbitrary(message, options, depth + 1);
  if (field.enum !== undefined) return fc.oneof(fc.constantFrom(...field.enum.values.map(({ number }) => number)), fc.constantFrom(99, -1));
  switch (field.scalar) {
    case ScalarType.STRING:
      return fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...options.texts) },
        { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 30 }) },
      );
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 40 });
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return fc.constantFrom(0, 1.5, Number.NaN);
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return fc.constantFrom(0n, 1n);
    default:
      return fc.constantFrom(0, 1, 7, 2_147_483_647);
  }
}
