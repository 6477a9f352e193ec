import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExecutionEventSchema } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import { WatchResponseSchema } from '../contract/gen/stigmer/stream/v1/stream_pb.js';
import { writeMessage } from './wire-writer.js';

describe('writeMessage', () => {
  it('writes what the generated code writes, event bytes as they are', () => {
    const revision = fc.oneof(fc.nat(300), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));
    fc.assert(
      fc.property(revision, revision, fc.boolean(), fc.array(fc.string({ maxLength: 200 }), { maxLength: 5 }), (first, last, conflated, texts) => {
        const events = texts.map((text) => create(ExecutionEventSchema, { change: { case: 'textAppended', value: { index: 1, text } } }));
        const bytes = events.map((event) => toBinary(ExecutionEventSchema, event));
        const value = { firstRevision: BigInt(first), lastRevision: BigInt(last), conflated, events };
        const parts = [
          { no: 1, varint: first },
          { no: 2, varint: last },
          ...bytes.map((event) => ({ no: 3, bytes: event })),
          { no: 4, varint: conflated ? 1 : 0 },
        ];
        const written = writeMessage([{ no: 2, parts }]);
        expect(written).toEqual(toBinary(WatchResponseSchema, create(WatchResponseSchema, { item: { case: 'deltas', value } })));
      }),
    );
  });

  it('nests messages, and takes fields that are encoded already', () => {
    const at = { no: 1, parts: [{ no: 1, bytes: Buffer.from('log') }, { no: 2, varint: 7 }] };
    const encoded = writeMessage([{ no: 2, varint: 4 }]);
    const { item } = fromBinary(WatchResponseSchema, writeMessage([{ no: 5, parts: [at, encoded, { no: 3, bytes: Buffer.from('x'.repeat(200)) }] }]));
    expect(item).toMatchObject({ case: 'end', value: { at: { logId: 'log', revision: 7n }, phase: 4, error: 'x'.repeat(200) } });
  });
});
