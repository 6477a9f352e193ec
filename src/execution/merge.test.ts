import { equals } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventSeed, nextEvent } from '../../test/support/execution-arbitraries.js';
import { ExecutionStateSchema } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import { apply } from './apply.js';
import { executionEvent } from './event.js';
import { merge } from './merge.js';
import { cloneProjection, initialProjection } from './projection.js';

const appended = (index: number, offset: number, text: string) => executionEvent('textAppended', { index, offset: BigInt(offset), text });

describe('merge', () => {
  it.each(['agent', 'workflow'] as const)('has the effect of the events that it joins, for the kind %s', (kind) => {
    fc.assert(
      fc.property(fc.array(eventSeed, { maxLength: 20 }), fc.array(eventSeed, { maxLength: 40 }), (before, seeds) => {
        const projection = initialProjection(kind);
        for (const seed of before) nextEvent(projection, seed);
        const shorter = cloneProjection(projection);
        const events = seeds.map((seed) => nextEvent(projection, seed));
        for (const event of merge(events)) apply(shorter, event);
        expect(equals(ExecutionStateSchema, shorter.state, projection.state)).toBe(true);
        expect(shorter.journal.bytes).toBe(projection.journal.bytes);
      }),
      { numRuns: 500 },
    );
  });

  it('joins the texts of a message, also when texts of others and usage stand between', () => {
    const usage = executionEvent('usageAdded', { usage: { inputTokens: 2n } });
    const merged = merge([appended(0, 0, 'a'), appended(1, 0, 'x'), usage, appended(0, 1, 'b'), usage, appended(1, 1, 'y'), appended(0, 2, 'c')]);
    expect(merged.map(({ change }) => change)).toMatchObject([
      { case: 'textAppended', value: { index: 0, offset: 0n, text: 'abc' } },
      { case: 'textAppended', value: { index: 1, offset: 0n, text: 'xy' } },
      { case: 'usageAdded', value: { usage: { inputTokens: 4n } } },
    ]);
  });

  it('keeps every phase change, and nothing moves across it', () => {
    const phase = executionEvent('phaseChanged', { phase: 2 });
    expect(merge([appended(0, 0, 'a'), phase, appended(0, 1, 'b'), phase]).map(({ change }) => change.case)).toEqual([
      'textAppended',
      'phaseChanged',
      'textAppended',
      'phaseChanged',
    ]);
  });

  it('leaves the events that it is given as they are', () => {
    const events = [appended(0, 0, 'a'), appended(0, 1, 'b')];
    merge(events);
    expect(events.map(({ change }) => change.case === 'textAppended' && change.value.text)).toEqual(['a', 'b']);
  });
});
