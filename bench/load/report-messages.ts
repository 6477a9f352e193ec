import { create, toBinary } from '@bufbuild/protobuf';
import { MessageType } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { ExecutionPhase } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { ExecutionEventSchema } from '../../src/contract/gen/stigmer/stream/v1/event_pb.js';
import { ReportRequestSchema } from '../../src/contract/gen/stigmer/stream/v1/stream_pb.js';
import { field, PADDED_VARINT, varint, writePaddedVarint } from './wire.js';

/** The first message of a report. */
export function openMessage(executionId: string): Uint8Array {
  return toBinary(ReportRequestSchema, create(ReportRequestSchema, { frame: { case: 'open', value: { executionId, attempt: 1 } } }));
}

/** An empty message of the model at a place in the conversation, for text to be appended to. */
export function messageAppended(index: number): Uint8Array {
  const message = { type: MessageType.MESSAGE_AI, timestamp: '2026-11-22T12:00:00Z' };
  return toBinary(ExecutionEventSchema, create(ExecutionEventSchema, { change: { case: 'messageAppended', value: { index, message } } }));
}

/** A message of the conversation with this text in place of what it had. */
export function messageUpdated(index: number, content: string): Uint8Array {
  const message = { type: MessageType.MESSAGE_AI, timestamp: '2026-11-22T12:00:00Z', content };
  return toBinary(ExecutionEventSchema, create(ExecutionEventSchema, { change: { case: 'messageUpdated', value: { index, message } } }));
}

/** Text at the end of a message that has so many bytes already. */
export function textAppended(index: number, offset: number, content: string): Uint8Array {
  const value = { index, offset: BigInt(offset), text: content };
  return toBinary(ExecutionEventSchema, create(ExecutionEventSchema, { change: { case: 'textAppended', value } }));
}

/** The run is done. */
export function completed(): Uint8Array {
  const value = { phase: ExecutionPhase.EXECUTION_COMPLETED };
  return toBinary(ExecutionEventSchema, create(ExecutionEventSchema, { change: { case: 'phaseChanged', value } }));
}

/** Field numbers of ReportRequest, ReportEvents, ExecutionEvent and TextAppended, as keys of length-delimited or varint fields. */
const Key = { EVENTS: 0x12, FIRST_SEQUENCE: 0x08, EVENT: 0x12, TEXT_APPENDED: 0x12, INDEX: 0x08, OFFSET: 0x10 } as const;
const TEXT = 3;

/** Where the sequence number lies in a message of TextMessages. */
export const SEQUENCE_AT = 1 + PADDED_VARINT + 1;

/** A message with these events, encoded. */
export function eventsMessage(firstSequence: number, events: readonly Uint8Array[]): Buffer {
  const body = events.map((event) => field(Key.EVENT >> 3, event));
  return field(Key.EVENTS >> 3, Buffer.concat([Buffer.from([Key.FIRST_SEQUENCE]), varint(firstSequence), ...body]));
}

/** The same with numbers of a fixed length, so that they can be changed in place. */
function templateMessage(events: readonly Uint8Array[]): Buffer {
  const message = Buffer.concat([Buffer.alloc(SEQUENCE_AT + PADDED_VARINT), ...events.map((event) => field(Key.EVENT >> 3, event))]);
  message[0] = Key.EVENTS;
  writePaddedVarint(message, 1, message.length - 1 - PADDED_VARINT);
  message[SEQUENCE_AT - 1] = Key.FIRST_SEQUENCE;
  return message;
}

/** Makes messages that append text to one message of a conversation, from a template: about 1 µs each. */
export class TextMessages {
  readonly #template: Buffer;
  readonly #offsets: readonly number[];
  readonly #bytes: number;
  #length = 0;

  /** @param bytes of text in each event */
  constructor(index: number, bytes: number, perMessage: number) {
    this.#bytes = bytes;
    const event = templateEvent(index, bytes);
    this.#template = templateMessage(Array.from({ length: perMessage }, () => event));
    const stride = (this.#template.length - SEQUENCE_AT - PADDED_VARINT) / perMessage;
    const offsetInEvent = stride - event.length + offsetIn(event);
    this.#offsets = Array.from({ length: perMessage }, (_, i) => SEQUENCE_AT + PADDED_VARINT + i * stride + offsetInEvent);
  }

  next(firstSequence: number): Buffer {
    const message = Buffer.from(this.#template);
    writePaddedVarint(message, SEQUENCE_AT, firstSequence);
    for (const at of this.#offsets) {
      writePaddedVarint(message, at, this.#length);
      this.#length += this.#bytes;
    }
    return message;
  }
}

const OFFSET_MARK = Buffer.concat([Buffer.from([Key.OFFSET]), Buffer.alloc(PADDED_VARINT, 0x80)]);

function templateEvent(index: number, bytes: number): Buffer {
  const change = Buffer.concat([Buffer.from([Key.INDEX]), varint(index), OFFSET_MARK, field(TEXT, Buffer.alloc(bytes, 'streamed text '))]);
  return field(Key.TEXT_APPENDED >> 3, change);
}

function offsetIn(event: Buffer): number {
  return event.indexOf(OFFSET_MARK) + 1;
}
