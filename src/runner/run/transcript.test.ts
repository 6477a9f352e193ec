import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { MessageType, SubAgentStatus, TodoStatus, ToolCallStatus } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import type { ExecutionEvent } from '../../contract/gen/stigmer/stream/v1/event_pb.js';
import { Phase } from '../../contract/phases.js';
import { apply } from '../../execution/apply.js';
import { initialProjection } from '../../execution/projection.js';
import type { LoopEvent } from '../loop/agent-loop.js';
import { masker } from './masking.js';
import { Transcript } from './transcript.js';

/** A transcript whose events are applied as the server applies them. */
function start(secrets: string[] = [], messageCount = 0, attempt = 1) {
  const clock = new ManualClock();
  const projection = initialProjection('agent');
  if (projection.kind !== 'agent') throw new Error('unreachable');
  const events: ExecutionEvent[] = [];
  const transcript = new Transcript({
    masker: masker(secrets),
    clock,
    messageCount,
    attempt,
    append: (event) => {
      events.push(event);
      apply(projection, event);
    },
  });
  const hear = (...all: LoopEvent[]): void => all.forEach((event) => transcript.on(event));
  return { clock, transcript, hear, events, status: projection.status, state: projection.state, cases: () => events.map(({ change }) => change.case) };
}

const shown = (messages: readonly { type: MessageType; content: string; toolCalls: readonly { id: string }[] }[]) =>
  messages.map(({ type, content, toolCalls }) => (type === MessageType.MESSAGE_TOOL ? `[${toolCalls[0]?.id}]` : content));

describe('Transcript', () => {
  it('gives each turn a message of its own, and each piece of text an event of its own', () => {
    const { transcript, hear, status, cases } = start();
    transcript.user('hello');
    hear({ type: 'turn-started', turn: '1' });
    for (const text of ['Let', ' me', ' see']) hear({ type: 'text', turn: '1', text });
    hear({ type: 'turn-ended', turn: '1' });
    hear({ type: 'tool-started', id: 'a', name: 'ls', args: { path: '/' } }, { type: 'tool-ended', id: 'a', result: 'b.txt', failed: false });
    hear({ type: 'turn-started', turn: '2' }, { type: 'text', turn: '2', text: 'Fine.' }, { type: 'turn-ended', turn: '2' });
    transcript.end({ phase: Phase.COMPLETED, error: '' });
    expect(shown(status.messages)).toEqual(['hello', 'Let me see', '[a]', 'Fine.']);
    expect(status.messages.map(({ type }) => type)).toEqual([MessageType.MESSAGE_HUMAN, MessageType.MESSAGE_AI, MessageType.MESSAGE_TOOL, MessageType.MESSAGE_AI]);
    expect(status.messages[0]?.timestamp).toBe('2026-01-01T00:00:00.000Z');
    expect(cases().filter((name) => name === 'textAppended')).toHaveLength(2);
    expect(status).toMatchObject({ phase: Phase.COMPLETED, error: '', completedAt: '2026-01-01T00:00:00.000Z' });
    expect(transcript.lastMessage?.content).toBe('Fine.');
    expect(transcript.counts).toMatchObject({ messages: 4, toolCalls: 1 });
  });

  it('follows a tool call from its announcement to its result', async () => {
    const { hear, status, clock } = start();
    hear({ type: 'turn-started', turn: '1' }, { type: 'tool-announced', id: 'a', name: 'read_file', turn: '1' });
    expect(status.toolCalls[0]).toMatchObject({ status: ToolCallStatus.TOOL_CALL_PENDING, name: 'read_file', componentMetadata: { componentType: 'preview', componentGroup: 'main-agent-tools' } });
    hear({ type: 'tool-started', id: 'a', name: 'read_file', args: { file_path: '/x', deep: [{ y: null }] } });
    expect(status.toolCalls[0]).toMatchObject({ status: ToolCallStatus.TOOL_CALL_RUNNING, args: { file_path: '/x', deep: [{ y: null }] } });
    await clock.advance(1_500);
    hear({ type: 'tool-ended', id: 'a', result: 'content', failed: false });
    expect(status.toolCalls).toEqual([status.messages[0]?.toolCalls[0]]);
    expect(status.toolCalls[0]).toMatchObject({ status: ToolCallStatus.TOOL_CALL_COMPLETED, result: 'content', startedAt: '2026-01-01T00:00:00.000Z', completedAt: '2026-01-01T00:00:01.500Z' });
  });

  it('keeps identical calls apart, and says why one failed', () => {
    const { hear, status } = start();
    for (const id of ['a', 'b']) hear({ type: 'tool-started', id, name: 'ls', args: {} });
    hear({ type: 'tool-ended', id: 'a', result: 'x', failed: false }, { type: 'tool-ended', id: 'b', result: 'Error: no', failed: true });
    expect(status.toolCalls).toMatchObject([
      { id: 'a', status: ToolCallStatus.TOOL_CALL_COMPLETED, result: 'x', error: '' },
      { id: 'b', status: ToolCallStatus.TOOL_CALL_FAILED, result: '', error: 'Error: no' },
    ]);
  });

  it('keeps what sub-agents do out of the conversation', () => {
    const { hear, status } = start();
    hear(
      { type: 'tool-started', id: 't', name: 'task', args: { subagent_type: 'reviewer', description: 'look' } },
      { type: 'sub-agent-started', id: 't', name: 'reviewer', input: 'look' },
      { type: 'turn-started', turn: 's', scope: 't' },
      { type: 'text', turn: 's', text: 'reading …' },
      { type: 'tool-announced', id: 'x', name: 'ls', turn: 's', scope: 't' },
      { type: 'turn-ended', turn: 's' },
    );
    expect(status.subAgentExecutions[0]).toMatchObject({ id: 't', name: 'reviewer', input: 'look', output: 'reading …', status: SubAgentStatus.SUB_AGENT_IN_PROGRESS });
    hear(
      { type: 'tool-started', id: 'x', name: 'ls', args: {}, scope: 't' },
      { type: 'tool-ended', id: 'x', result: 'y', failed: false, scope: 't' },
      { type: 'sub-agent-ended', id: 't', output: 'all fine', failed: false },
      { type: 'tool-ended', id: 't', result: 'all fine', failed: false },
      { type: 'turn-started', turn: '2' },
      { type: 'text', turn: '2', text: 'Done.' },
    );
    expect(shown(status.messages)).toEqual(['[t]', 'Done.']);
    expect(status.toolCalls.map(({ id, componentMetadata }) => [id, componentMetadata?.componentGroup, componentMetadata?.metadata?.['sub_agent_id']])).toEqual([
      ['t', 'main-agent-tools', undefined],
      ['x', 'sub-agent-tools', 't'],
    ]);
    expect(status.subAgentExecutions).toMatchObject([{ output: 'all fine', status: SubAgentStatus.SUB_AGENT_COMPLETED }]);
  });

  it('shows the to-do list in place of the tool that keeps it', async () => {
    const { hear, status, clock } = start();
    hear(
      { type: 'turn-started', turn: '1' },
      { type: 'tool-announced', id: 'a', name: 'write_todos', turn: '1' },
      { type: 'tool-started', id: 'a', name: 'write_todos', args: {} },
      { type: 'todos', items: [{ content: 'first', status: 'in_progress' }, { content: 'second', status: 'pending' }] },
      { type: 'tool-ended', id: 'a', result: 'ok', failed: false },
    );
    expect(status.toolCalls).toEqual([]);
    await clock.advance(1_000);
    hear({ type: 'todos', items: [{ content: 'first', status: 'completed' }, { content: 'other', status: 'pending' }] });
    expect(status.todos).toMatchObject({
      'todo-1': { content: 'first', status: TodoStatus.TODO_COMPLETED, createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:01.000Z' },
      'todo-2': { content: 'other', status: TodoStatus.TODO_PENDING, createdAt: '2026-01-01T00:00:01.000Z' },
    });
  });

  it('takes back the text of an answer that broke off, and the calls that it announced', () => {
    const { hear, status } = start();
    hear(
      { type: 'turn-started', turn: '1' },
      { type: 'text', turn: '1', text: 'one two' },
      { type: 'tool-announced', id: 'a', name: 'ls', turn: '1' },
      { type: 'turn-restarted', turn: '1' },
      { type: 'text', turn: '1', text: 'ünë' },
      { type: 'text', turn: '1', text: ' two' },
      { type: 'turn-ended', turn: '1' },
    );
    expect(shown(status.messages)).toEqual(['ünë two', '[a]']);
    expect(status.toolCalls[0]).toMatchObject({ status: ToolCallStatus.TOOL_CALL_FAILED, error: expect.stringMatching(/broke off/) });
  });

  it('leaves nothing open at the end', () => {
    const { transcript, hear, status } = start(['hunter22']);
    hear(
      { type: 'tool-started', id: 't', name: 'task', args: {} },
      { type: 'sub-agent-started', id: 't', name: 'r', input: '' },
      { type: 'turn-started', turn: '1' },
      { type: 'text', turn: '1', text: 'half a hunt' },
    );
    transcript.end({ phase: Phase.FAILED, error: 'the key hunter22 was refused' });
    expect(status.toolCalls[0]?.status).toBe(ToolCallStatus.TOOL_CALL_FAILED);
    expect(status.subAgentExecutions[0]?.status).toBe(SubAgentStatus.SUB_AGENT_FAILED);
    expect(shown(status.messages)).toContain('half a hunt');
    expect(status).toMatchObject({ phase: Phase.FAILED, error: 'the key *** was refused' });
  });

  it('goes on after what an earlier attempt has said', () => {
    const { transcript, hear, events } = start([], 0);
    transcript.user('hi');
    const second = start([], 5);
    second.transcript.user('hi');
    expect(second.events).toEqual([]);
    hear({ type: 'turn-started', turn: '1' }, { type: 'text', turn: '1', text: 'x' });
    expect(events).toHaveLength(2);
  });

  it('keeps the calls of a second attempt apart from those of the first', () => {
    const { hear, status } = start([], 0, 2);
    hear(
      { type: 'tool-started', id: 't', name: 'task', args: {} },
      { type: 'sub-agent-started', id: 't', name: 'r', input: '' },
      { type: 'tool-started', id: 'x', name: 'ls', args: {}, scope: 't' },
      { type: 'tool-ended', id: 't', result: 'y', failed: false },
    );
    expect(status.toolCalls.map(({ id, componentMetadata }) => [id, componentMetadata?.metadata?.['sub_agent_id']])).toEqual([
      ['t-attempt-2', undefined],
      ['x-attempt-2', 't-attempt-2'],
    ]);
    expect(status.subAgentExecutions.map(({ id }) => id)).toEqual(['t-attempt-2']);
  });

  it('can say the last message in other words, and something of its own', () => {
    const { transcript, hear, status } = start(['hunter22']);
    hear({ type: 'turn-started', turn: '1' }, { type: 'text', turn: '1', text: '```{}```' }, { type: 'turn-ended', turn: '1' });
    transcript.system('It does not fit: hunter22');
    transcript.restate('{"a":"hunter22"}');
    expect(shown(status.messages)).toEqual(['{"a":"***"}', 'It does not fit: ***']);
    expect(transcript.lastMessage?.content).toBe('{"a":"***"}');
  });

  it('sums up what was used', () => {
    const { hear, state } = start();
    const usage = { inputTokens: 10, outputTokens: 5, cachedInputTokens: 3, costMicros: 7, model: 'm' };
    hear({ type: 'usage', usage }, { type: 'usage', usage });
    expect(state.usage).toMatchObject({ inputTokens: 20n, outputTokens: 10n, cachedInputTokens: 6n, costMicros: 14n, modelCalls: 2, model: 'm' });
  });

  it('masks secrets in everything, split over two tokens too', () => {
    const { transcript, hear, state, events } = start(['hunter22']);
    transcript.user('my password is hunter22');
    hear({ type: 'turn-started', turn: '1' });
    for (const text of ['it is hun', 'ter', '22', '. hunt']) hear({ type: 'text', turn: '1', text });
    hear(
      { type: 'turn-ended', turn: '1' },
      { type: 'tool-started', id: 'a', name: 'x', args: { password: 'hunter22', list: ['-p=hunter22'] } },
      { type: 'tool-ended', id: 'a', result: 'wrong: hunter22', failed: true },
      { type: 'sub-agent-started', id: 's', name: 'r', input: 'hunter22' },
      { type: 'sub-agent-ended', id: 's', output: 'hunter22', failed: false },
      { type: 'todos', items: [{ content: 'try hunter22', status: 'pending' }] },
    );
    transcript.end({ phase: Phase.FAILED, error: 'hunter22' });
    const all = JSON.stringify([events, state], (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    expect(all).not.toContain('hunter22');
    expect(all).not.toMatch(/"text":"ter"|22\./);
    expect(state.status.value?.error).toBe('***');
  });

  it('cuts a result that is too large to be told', () => {
    const { hear, status } = start();
    hear({ type: 'tool-started', id: 'a', name: 'x', args: { content: 'y'.repeat(1_000_000) } }, { type: 'tool-ended', id: 'a', result: 'é'.repeat(1_000_000), failed: false });
    expect(status.toolCalls[0]?.result).toMatch(/é\n… \[cut: 951424 of 2000000 bytes are not shown\]$/);
    expect(JSON.stringify(status.toolCalls[0]?.args).length).toBeLessThan(100_000);
  });

  it('writes text that reads the same however it is cut into pieces', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.integer({ min: 1, max: 3 }), (text, size) => {
        const { hear, status } = start(['🦉🦉🦉']);
        hear({ type: 'turn-started', turn: '1' });
        // By UTF-16 units, as no decoder would: halves of characters stand alone.
        for (let at = 0; at < text.length; at += size) hear({ type: 'text', turn: '1', text: text.slice(at, at + size) });
        hear({ type: 'turn-ended', turn: '1' });
        expect(status.messages[0]?.content ?? '').toBe(Buffer.from(text).toString());
      }),
    );
  });
});
