import { equals } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agentStatus, eventSeed, nextEvent } from '../../test/support/execution-arbitraries.js';
import { after, agent, ai, cases, NOW, phase, refusal, reported, said, taken, TIME } from '../../test/support/reductions.js';
import { ExecutionStateSchema } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import { Phase } from '../contract/phases.js';
import { applyAll } from './apply.js';
import { executionEvent } from './event.js';
import { cloneProjection, initialProjection, sizeOfState } from './projection.js';
import { reduce } from './reduce.js';
import type { Update } from './update.js';

describe('the start of a run', () => {
  it('comes with the first report of any kind, by the server’s clock', () => {
    for (const update of [reported(executionEvent('usageAdded', { usage: {} })), { type: 'status', status: agent({}) } as Update]) {
      const projection = initialProjection('agent');
      expect(cases(reduce(projection, update, NOW))[0]).toBe('phaseChanged');
      expect(projection.status).toMatchObject({ phase: Phase.IN_PROGRESS, startedAt: TIME });
    }
  });

  it('is before a report that tells the end at once', () => {
    const projection = initialProjection('agent');
    const events = taken(reduce(projection, reported(phase(Phase.COMPLETED)), NOW));
    expect(events.map(({ change }) => change.case === 'phaseChanged' && change.value.phase)).toEqual([Phase.IN_PROGRESS, Phase.COMPLETED]);
  });

  it('does not come from an end that no runner reports', () => {
    for (const update of [{ type: 'cancelled', reason: 'x' }, { type: 'failure', error: 'x' }] as const) {
      expect(after('agent', update).status.startedAt).toBe('');
    }
    expect(after('agent', { type: 'final', status: agent({ phase: 3 }) }).status).toMatchObject({ phase: 3, startedAt: '', completedAt: TIME });
  });

  it('is not gone back behind', () => {
    const projection = after('agent', said('a'));
    expect(cases(reduce(projection, { type: 'status', status: agent({ phase: 1, messages: [ai('ab')] }) }, NOW))).toEqual(['textAppended']);
    expect(projection.status.phase).toBe(Phase.IN_PROGRESS);
  });
});

describe('the limit of the state', () => {
  const limit = { what: 'state of the execution', max: 1000, unit: 'bytes' } as const;

  it('refuses what would grow over it, with both numbers, and changes nothing', () => {
    const projection = after('agent', said('a'));
    const size = sizeOfState(projection);
    const reduction = reduce(projection, { type: 'status', status: agent({ messages: [ai('x'.repeat(2000))] }) }, NOW, limit);
    expect(refusal(reduction)).toEqual(['RESOURCE_EXHAUSTED', expect.stringMatching(/^state of the execution has 20\d\d bytes, the limit is 1000 bytes$/)]);
    expect(sizeOfState(projection)).toBe(size);
  });

  it('holds back no end', () => {
    const full = () => after('agent', said('x'.repeat(1001)));
    expect(cases(reduce(full(), reported(phase(4, 'too long')), NOW, limit))).toEqual(['phaseChanged']);
    expect(cases(reduce(full(), { type: 'failure', error: 'e'.repeat(100_000) }, NOW, limit))).toEqual(['messageAppended', 'phaseChanged']);
    expect(cases(reduce(full(), { type: 'cancelled', reason: 'r' }, NOW, limit))).toEqual(['phaseChanged']);
    const projection = full();
    taken(reduce(projection, { type: 'failure', error: 'é'.repeat(100_000) }, NOW, limit));
    expect(Buffer.byteLength(projection.status.error)).toBeLessThanOrEqual(16 * 1024);
  });
});

describe('reducing', () => {
  it('gives the events that lead to the state it leaves', () => {
    const update: fc.Arbitrary<Update> = fc.oneof(
      agentStatus.map((status): Update => ({ type: 'status', status })),
      agentStatus.map((status): Update => ({ type: 'final', status })),
      fc.constantFrom<Update>({ type: 'failure', error: 'f' }, { type: 'cancelled', reason: 'c' }, { type: 'cancel-request' }, reported(phase(3))),
    );
    fc.assert(
      fc.property(fc.array(eventSeed, { maxLength: 10 }), fc.array(update, { maxLength: 5 }), (seeds, updates) => {
        const projection = initialProjection('agent');
        for (const seed of seeds) nextEvent(projection, seed);
        const twin = cloneProjection(projection);
        for (const one of updates) {
          const reduction = reduce(projection, one, NOW);
          applyAll(twin, reduction.rejection === undefined ? reduction.events : []);
        }
        expect(equals(ExecutionStateSchema, twin.state, projection.state)).toBe(true);
        expect(sizeOfState(twin)).toBe(sizeOfState(projection));
      }),
      { numRuns: 300 },
    );
  });
});
