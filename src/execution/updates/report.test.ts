import { create, equals } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { after, ai, NOW, phase, refusal, reported, said, TIME } from '../../../test/support/reductions.js';
import { ExecutionEventSchema, ExecutionStateSchema } from '../../contract/gen/stigmer/stream/v1/event_pb.js';
import { Phase } from '../../contract/phases.js';
import { executionEvent } from '../event.js';
import { copyState } from '../projection.js';
import { reduce } from '../reduce.js';

describe('a runner’s events', () => {
  it('are taken with the server’s times', () => {
    const claimed = executionEvent('phaseChanged', { phase: 3, startedAt: 'then', completedAt: 'later' });
    const details = executionEvent('detailsChanged', { error: 'e', startedAt: 'then' });
    expect(after('agent', reported(details, claimed)).status).toMatchObject({ error: 'e', startedAt: TIME, completedAt: TIME });
  });

  it.each([
    ['a gap in the text', executionEvent('textAppended', { index: 0, offset: 1n, text: 'x' }), 'text_appended.offset: must be 2, the bytes that message 0 has, and is 1'],
    ['text for no message', executionEvent('textAppended', { index: 7, text: 'x' }), 'text_appended.index: must be below 1, the number of messages, and is 7'],
    ['a message out of place', executionEvent('messageAppended', { index: 3, message: ai('x') }), 'message_appended.index: must be 1, the number of messages, and is 3'],
    ['no message', executionEvent('messageAppended', { index: 1 }), 'message_appended.message: must be set'],
    ['an unknown type of message', executionEvent('messageUpdated', { index: 0, message: { type: 9 as never } }), 'message_updated.message.type: must be a number from 0 to 4 and is 9'],
    ['a call without id', executionEvent('toolCallUpserted', { toolCall: {} }), 'tool_call_upserted.tool_call.id: must not be empty'],
    ['an unknown phase', phase(6), 'events[1].phase_changed.phase: must be a number from 2 to 5 and is 6'],
    ['the phase before the start', phase(1), 'events[1].phase_changed.phase: must be a number from 2 to 5 and is 1'],
    ['an event of the other kind', executionEvent('outputSet', { output: {} }), 'output_set: is no event of an agent execution'],
    ['no change', create(ExecutionEventSchema), 'change: must be one of the changes that this version knows'],
  ])('are refused all together for %s', (_, bad, text) => {
    const projection = after('agent', said('é'));
    const was = copyState(projection);
    const good = executionEvent('textAppended', { index: 0, offset: 2n, text: '' });
    expect(refusal(reduce(projection, reported(good, bad), NOW))).toEqual(['INVALID_ARGUMENT', text]);
    expect(equals(ExecutionStateSchema, projection.state, was)).toBe(true);
  });

  it('after the end in the same report are refused with it', () => {
    const projection = after('agent', said('a'));
    expect(refusal(reduce(projection, reported(phase(3), executionEvent('usageAdded', { usage: {} })), NOW))?.[0]).toBe('FAILED_PRECONDITION');
    expect(projection.status.phase).toBe(Phase.IN_PROGRESS);
  });

  it('that fail without a reason take the last system message for it', () => {
    const system = executionEvent('messageAppended', { index: 0, message: { type: 4, content: 'out of memory' } });
    expect(after('agent', reported(system, phase(4))).status.error).toBe('out of memory');
    expect(after('agent', reported(system), reported(phase(4))).status.error).toBe('out of memory');
    expect(after('agent', reported(phase(4, 'told'))).status.error).toBe('told');
  });

  it('keep a tool call in the list of calls and in its message', () => {
    const call = (status: number, result = '') => executionEvent('toolCallUpserted', { toolCall: { id: 'x', name: 'ls', status, result, startedAt: 't' } });
    const projection = after('agent', said('a'), reported(call(2)), reported(call(3, 'files')));
    expect(projection.status).toMatchObject({
      messages: [{ content: 'a' }, { type: 3, timestamp: 't', toolCalls: [{ status: 3, result: 'files' }] }],
      toolCalls: [{ id: 'x', status: 3, result: 'files' }],
    });
  });

  it('sum up usage', () => {
    const used = (model: string) => executionEvent('usageAdded', { usage: { inputTokens: 10n, outputTokens: 2n, modelCalls: 1, model } });
    expect(after('agent', reported(used('m'), used(''))).state.usage).toMatchObject({ inputTokens: 20n, outputTokens: 4n, modelCalls: 2, model: 'm' });
  });
});
