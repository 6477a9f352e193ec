import { type DescMessage, fromJson, type JsonValue, type MessageShape, toJson } from '@bufbuild/protobuf';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { invalidArgument } from '../../contract/errors.js';

/** Key that marks a message within plain JSON. No field of a message can have this name. */
const TYPE = '@stigmer/message';

/** A protobuf message as an argument or a result of an activity: its full name and its proto JSON. */
export interface MessagePayload {
  readonly [TYPE]: string;
  readonly json: JsonValue;
}

/** Wraps a message, as the result of an activity. */
export function messagePayload<D extends DescMessage>(schema: D, message: MessageShape<D>): MessagePayload {
  return { [TYPE]: schema.typeName, json: toJson(schema, message) };
}

/** The message that came as an argument. Fields that this version does not know are passed over. INVALID_ARGUMENT for anything else. */
export function readMessagePayload<D extends DescMessage>(schema: D, payload: unknown): MessageShape<D> {
  if (!isMessagePayload(payload) || payload[TYPE] !== schema.typeName) throw invalidArgument('input', `must be a ${schema.typeName} as json/protobuf`);
  return fromJson(schema, payload.json, { ignoreUnknownFields: true });
}

const text = new TextDecoder();
const bytes = new TextEncoder();

/**
 * Lets protobuf messages travel as every Temporal SDK sends them: encoding `json/protobuf`, metadata `messageType`. For Temporal's own
 * converter, which knows neither, they are plain JSON of the form above.
 */
export const messageCodec: PayloadCodec = {
  encode: (payloads) => Promise.resolve(payloads.map(encodePayload)),
  decode: (payloads) => Promise.resolve(payloads.map(decodePayload)),
};

function encodePayload(payload: Payload): Payload {
  if (encodingOf(payload) !== 'json/plain') return payload;
  const json = text.decode(payload.data ?? new Uint8Array());
  if (!json.startsWith(`{"${TYPE}":`)) return payload;
  const message = JSON.parse(json) as MessagePayload;
  return { metadata: { encoding: bytes.encode('json/protobuf'), messageType: bytes.encode(message[TYPE]) }, data: bytes.encode(JSON.stringify(message.json)) };
}

function decodePayload(payload: Payload): Payload {
  if (encodingOf(payload) !== 'json/protobuf') return payload;
  const type = text.decode(payload.metadata?.['messageType'] ?? new Uint8Array());
  const json = JSON.parse(text.decode(payload.data ?? new Uint8Array())) as JsonValue;
  return { metadata: { encoding: bytes.encode('json/plain') }, data: bytes.encode(JSON.stringify({ [TYPE]: type, json } satisfies MessagePayload)) };
}

function encodingOf(payload: Payload): string {
  return text.decode(payload.metadata?.['encoding'] ?? new Uint8Array());
}

function isMessagePayload(value: unknown): value is MessagePayload {
  return typeof value === 'object' && value !== null && TYPE in value && 'json' in value;
}
