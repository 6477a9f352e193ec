import { defaultPayloadConverter, METADATA_ENCODING_KEY, METADATA_MESSAGE_TYPE_KEY, type Payload, type PayloadConverter } from '@temporalio/common';
import { decode, encode } from '@temporalio/common/lib/encoding.js';
import { isProtoPayload, protoPayload } from './proto-payload.js';

const JSON_PROTOBUF = 'json/protobuf';

function read(payload: Payload): unknown {
  const encoding = decode(payload.metadata?.[METADATA_ENCODING_KEY] ?? new Uint8Array());
  if (encoding !== JSON_PROTOBUF && encoding !== 'binary/protobuf') return defaultPayloadConverter.fromPayload(payload);
  const type = decode(payload.metadata?.[METADATA_MESSAGE_TYPE_KEY] ?? new Uint8Array());
  const json: unknown = encoding === JSON_PROTOBUF ? JSON.parse(decode(payload.data ?? new Uint8Array())) : undefined;
  return protoPayload(type, json);
}

/**
 * Protobuf messages travel as every Temporal SDK sends them by default: encoding `json/protobuf`, metadata `messageType`, proto JSON
 * without spaces. They are ProtoPayloads on this side. Everything else is as in Temporal's default converter. Runs in the sandbox too,
 * which finds it by the name of this export.
 */
export const payloadConverter: PayloadConverter = {
  toPayload(value) {
    if (!isProtoPayload(value)) return defaultPayloadConverter.toPayload(value);
    return {
      metadata: { [METADATA_ENCODING_KEY]: encode(JSON_PROTOBUF), [METADATA_MESSAGE_TYPE_KEY]: encode(value.type) },
      data: encode(JSON.stringify(value.json)),
    };
  },
  // What a payload holds is not known here; the type is the caller's claim.
  fromPayload: read as PayloadConverter['fromPayload'],
};
