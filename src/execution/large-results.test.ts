import { create } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AgentExecutionStatusSchema } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { executionEvent } from './event.js';
import { moveLargeResults } from './large-results.js';
import { shorten } from './shorten.js';
import type { Update } from './update.js';

const limit = { what: 'result', max: 100, unit: 'bytes' } as const;
const keyOf = (id: string, result: string): string => `results/${id}-${result.length}`;

describe('a tool result over the limit', () => {
  const large = { id: 'x', result: 'é'.repeat(100) };

  it('is cut, says where the whole is, and is given out once', () => {
    const status = create(AgentExecutionStatusSchema, { toolCalls: [large, { id: 'y', result: 'short' }], messages: [{ type: 3, toolCalls: [large] }] });
    const { update, moved } = moveLargeResults({ type: 'status', status }, keyOf, limit);
    expect(moved).toEqual([{ key: 'results/x-100', toolCallId: 'x', result: large.result }]);
    const calls = update.type === 'status' && 'messages' in update.status ? [...update.status.toolCalls, ...(update.status.messages[0]?.toolCalls ?? [])] : [];
    expect(calls.map(({ result }) => result)).toEqual([expect.stringMatching(/^é+\n… cut here: 200 bytes in all, kept whole as artifact results\/x-100$/), 'short', calls[0]?.result]);
    expect(Buffer.byteLength(calls[0]?.result ?? '')).toBeLessThanOrEqual(100);
    expect(status.toolCalls[0]?.result).toBe(large.result);
  });

  it('is found in every event that may hold it', () => {
    const message = { type: 3, toolCalls: [large] };
    const events = [
      executionEvent('toolCallUpserted', { toolCall: large }),
      executionEvent('toolCallsReplaced', { toolCalls: [large] }),
      executionEvent('messageAppended', { index: 0, message }),
      executionEvent('messageUpdated', { index: 0, message }),
      executionEvent('messagesReplaced', { messages: [message] }),
    ];
    const { update } = moveLargeResults({ type: 'events', events }, keyOf, limit);
    expect(JSON.stringify(update, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))).not.toContain(large.result);
  });

  it('leaves an update without one as it is', () => {
    const update: Update = { type: 'events', events: [executionEvent('textAppended', { index: 0, text: large.result })] };
    expect(moveLargeResults(update, keyOf, limit)).toEqual({ update, moved: [] });
  });
});

describe('shorten', () => {
  it('keeps whole characters within the bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.integer({ min: 4, max: 40 }), (text, bytes) => {
        const short = shorten(text, bytes);
        expect(Buffer.byteLength(short)).toBeLessThanOrEqual(Math.max(bytes, 4));
        const fits = Buffer.byteLength(text) <= bytes;
        expect(short === text).toBe(fits);
        expect(text.startsWith(fits ? short : short.slice(0, -2))).toBe(true);
        expect(short.endsWith(' …')).toBe(!fits || text.endsWith(' …'));
      }),
    );
  });
});
