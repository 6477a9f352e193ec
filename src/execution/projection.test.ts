import { create, equals, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agentStatus, eventSeed, nextEvent, workflowStatus } from '../../test/support/execution-arbitraries.js';
import { StigmerError } from '../contract/errors.js';
import { AgentExecutionStatusSchema } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { WorkflowExecutionStatusSchema } from '../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { ExecutionStateSchema, UsageSchema } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import { applyAll } from './apply.js';
import { decodeEvent, decodeState, encodeEvent, encodeState } from './codec.js';
import { executionEvent } from './event.js';
import { fold } from './fold.js';
import { cloneProjection, copyState, initialProjection, type Projection, projectionOf, sizeOfState } from './projection.js';
import { sizeOfField } from './wire-size.js';

const seeds = fc.array(eventSeed, { maxLength: 30 });
const kind = fc.constantFrom('agent' as const, 'workflow' as const);

function projectionAfter(of: 'agent' | 'workflow', events: Parameters<typeof nextEvent>[1][]): Projection {
  const projection = initialProjection(of);
  for (const seed of events) nextEvent(projection, seed);
  return projection;
}

function encodedLength(projection: Projection): number {
  const { usage } = projection.state;
  const status =
    projection.kind === 'agent'
      ? toBinary(AgentExecutionStatusSchema, projection.status)
      : toBinary(WorkflowExecutionStatusSchema, projection.status);
  return status.length + (usage === undefined ? 0 : sizeOfField(toBinary(UsageSchema, usage).length));
}

describe('a projection', () => {
  it('knows its encoded size to the byte after any events', () => {
    fc.assert(
      fc.property(kind, seeds, (of, events) => {
        const projection = projectionAfter(of, events);
        expect(sizeOfState(projection)).toBe(encodedLength(projection));
      }),
      { numRuns: 500 },
    );
  });

  it('knows the size of a state that it is made of', () => {
    fc.assert(
      fc.property(agentStatus, workflowStatus, (agent, workflow) => {
        for (const status of [{ case: 'agent' as const, value: agent }, { case: 'workflow' as const, value: workflow }]) {
          const projection = projectionOf(create(ExecutionStateSchema, { status }));
          expect(sizeOfState(projection)).toBe(encodedLength(projection));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('comes back from its encoding, and goes on alike', () => {
    fc.assert(
      fc.property(kind, seeds, seeds, (of, before, after) => {
        const projection = projectionAfter(of, before);
        const restored = decodeState(encodeState(projection));
        const events = after.map((seed) => decodeEvent(encodeEvent(nextEvent(projection, seed))));
        applyAll(restored, events);
        expect(equals(ExecutionStateSchema, restored.state, projection.state)).toBe(true);
        expect(sizeOfState(restored)).toBe(sizeOfState(projection));
      }),
      { numRuns: 500 },
    );
  });

  it('is not touched by what happens to its clone, nor the clone by what happens to it', () => {
    fc.assert(
      fc.property(kind, seeds, seeds, (of, before, after) => {
        const projection = projectionAfter(of, before);
        const twin = cloneProjection(projection);
        const was = copyState(projection);
        for (const seed of after) nextEvent(twin, seed);
        expect(equals(ExecutionStateSchema, projection.state, was)).toBe(true);
        const later = copyState(twin);
        for (const seed of after) nextEvent(projection, seed);
        expect(equals(ExecutionStateSchema, twin.state, later)).toBe(true);
        expect(equals(ExecutionStateSchema, projection.state, later)).toBe(true);
        expect(sizeOfState(twin)).toBe(sizeOfState(projection));
      }),
      { numRuns: 300 },
    );
  });

  it('drops callback token and audit, which are no part of the course', () => {
    const status = create(AgentExecutionStatusSchema, { callbackToken: new Uint8Array([1]), audit: {} });
    const projection = projectionOf(create(ExecutionStateSchema, { status: { case: 'agent', value: status } }));
    expect(projection.status).not.toHaveProperty('audit');
    expect(projection.kind === 'agent' && projection.status.callbackToken.length).toBe(0);
  });
});

describe('applying several events', () => {
  it('takes all of them back when one does not fit', () => {
    const misfit = executionEvent('textAppended', { index: 99, text: 'x' });
    fc.assert(
      fc.property(seeds, seeds, seeds, (before, batch, after) => {
        const projection = projectionAfter('agent', before);
        const was = copyState(projection);
        const size = sizeOfState(projection);
        const trial = cloneProjection(projection);
        const events = batch.map((seed) => nextEvent(trial, seed));
        expect(() => applyAll(projection, [...events, misfit])).toThrow(StigmerError);
        expect(equals(ExecutionStateSchema, projection.state, was)).toBe(true);
        expect(sizeOfState(projection)).toBe(size);
        const fresh = projectionOf(was);
        applyAll(
          fresh,
          after.map((seed) => nextEvent(projection, seed)),
        );
        expect(equals(ExecutionStateSchema, fresh.state, projection.state)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('fold', () => {
  it('gives the projection at the last event, from the start or from a snapshot', () => {
    const all = initialProjection('agent');
    const events = ['a', 'é', 'c'].map((content, index) => executionEvent('messageAppended', { index, message: { type: 2, content } }));
    applyAll(all, events);
    const half = initialProjection('agent');
    applyAll(half, events.slice(0, 1));
    const bytes = events.map(encodeEvent);
    expect(fold('agent', undefined, bytes).state).toEqual(all.state);
    expect(fold('agent', encodeState(half), bytes.slice(1)).state).toEqual(all.state);
  });

  it('says where a log contradicts itself', () => {
    const event = encodeEvent(executionEvent('messageAppended', { index: 0, message: {} }));
    expect(() => fold('agent', undefined, [event, event])).toThrow(/event 2 of 2 .* message_appended.index: must be 1/);
    expect(() => fold('agent', new Uint8Array([255]), [])).toThrow('the stored snapshot cannot be read');
    expect(() => fold('agent', encodeState(initialProjection('workflow')), [])).toThrow('the stored snapshot is of a workflow execution');
  });
});
