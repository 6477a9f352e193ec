import { array, assert, integer, oneof, property, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksum, packEvents, unpackEvents } from './segment.js';

describe('a row of the log', () => {
  it('gives back any events', () => {
    const event = oneof(uint8Array({ maxLength: 300 }), integer({ min: 0, max: 20_000 }).map((length) => new Uint8Array(length).fill(7)));
    assert(
      property(array(event), (events) => {
        const unpacked = unpackEvents(packEvents(events), events.length);
        expect(unpacked.map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual(events.map((bytes) => Buffer.from(bytes).toString('hex')));
      }),
    );
  });

  it('says when lengths or the number of events do not fit', () => {
    const packed = packEvents([Buffer.from('one'), Buffer.alloc(200)]);
    expect(() => unpackEvents(packed, 3)).toThrow('has 2 events, and should have 3');
    expect(() => unpackEvents(packed.subarray(0, 100), 2)).toThrow('goes beyond its end');
    expect(() => unpackEvents(packed.subarray(0, 5), 2)).toThrow('ends within a length');
  });

  it('has another checksum at another revision', () => {
    const packed = packEvents([Buffer.from('one')]);
    expect(checksum(packed, 1)).not.toBe(checksum(packed, 2));
  });
});
