import { create } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AgentExecutionStatusSchema, AgentMessageSchema, ToolCallSchema } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { MessageType, SubAgentStatus, TodoStatus, ToolCallStatus } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { AgentTranscript } from './agent-transcript.js';
import type { TranscriptEvent } from './events.js';

const status = (init: Parameters<typeof create<typeof AgentExecutionStatusSchema>>[1]) => create(AgentExecutionStatusSchema, init);
const ai = (content: string) => create(AgentMessageSchema, { type: MessageType.MESSAGE_AI, content });
const call = (id: string, state: ToolCallStatus, more: { result?: string; args?: { a: number } } = {}) => create(ToolCallSchema, { id, name: `tool-${id}`, status: state, ...more });
const toolMessage = (...calls: ReturnType<typeof call>[]) => create(AgentMessageSchema, { type: MessageType.MESSAGE_TOOL, toolCalls: calls });
const { TOOL_CALL_PENDING: PENDING, TOOL_CALL_RUNNING: RUNNING, TOOL_CALL_COMPLETED: COMPLETED, TOOL_CALL_FAILED: FAILED } = ToolCallStatus;

function brief(event: TranscriptEvent): string {
  switch (event.type) {
    case 'text':
      return `${event.rewritten ? 'rewritten ' : ''}${event.first ? '' : '…'}${event.index}:${event.text}`;
    case 'tool-started':
      return `start ${event.call.id}`;
    case 'tool-ended':
      return `end ${event.call.id} ${event.call.result}`.trim();
    case 'sub-agent-started':
    case 'sub-agent-ended':
      return `${event.type} ${event.subAgent.name}`;
    case 'todos':
      return `todos ${event.items.map(({ id }) => id).join()}`;
    default:
      return event.type;
  }
}

function told(...states: ReturnType<typeof status>[]): string[][] {
  const transcript = new AgentTranscript();
  return states.map((state) => transcript.take(state).map(brief));
}

describe('what is told of an agent', () => {
  it('is each text once, as it grows', () => {
    expect(told(status({ messages: [ai('Hel')] }), status({ messages: [ai('Hello')] }), status({ messages: [ai('Hello')] }), status({ messages: [ai('Hello'), ai('Bye')] }))).toEqual([
      ['0:Hel'],
      ['…0:lo'],
      [],
      ['1:Bye'],
    ]);
  });

  it('is nothing of an empty message until it has text', () => {
    expect(told(status({ messages: [ai('')] }), status({ messages: [ai('x')] }))).toEqual([[], ['0:x']]);
  });

  it('is the whole message again when it was rewritten, and what follows a conversation that became shorter', () => {
    expect(told(status({ messages: [ai('one'), ai('two')] }), status({ messages: [ai('one')] }), status({ messages: [ai('uno'), ai('dos')] }))).toEqual([
      ['0:one', '1:two'],
      [],
      ['rewritten 0:uno', '1:dos'],
    ]);
  });

  it('is a tool call when it starts and when it ends, in its place in the conversation', () => {
    expect(
      told(
        status({ messages: [ai('look'), toolMessage(call('a', RUNNING, { args: { a: 1 } }))] }),
        status({ messages: [ai('look'), toolMessage(call('a', COMPLETED, { result: 'r' })), ai('seen')], toolCalls: [call('a', COMPLETED, { result: 'r' })] }),
      ),
    ).toEqual([
      ['0:look', 'start a'],
      ['end a r', '2:seen'],
    ]);
  });

  it('is a call whose arguments are still being written only when they are there', () => {
    expect(told(status({ toolCalls: [call('a', PENDING)] }), status({ toolCalls: [call('a', PENDING, { args: { a: 1 } })] }), status({ toolCalls: [call('a', FAILED)] }))).toEqual([[], ['start a'], ['end a']]);
  });

  it('takes calls that an old runner keeps out of the conversation, and results that it leaves in the message', () => {
    const old = create(AgentMessageSchema, { type: MessageType.MESSAGE_TOOL, content: 'the answer', toolCalls: [call('b', COMPLETED)] });
    expect(told(status({ messages: [ai('x')], toolCalls: [call('a', RUNNING)] }), status({ messages: [ai('x'), old], toolCalls: [call('a', COMPLETED)] }))).toEqual([
      ['0:x', 'start a'],
      ['start b', 'end b the answer', 'end a'],
    ]);
    expect(told(status({ messages: [create(AgentMessageSchema, { type: MessageType.MESSAGE_TOOL, content: 'bare' })] }))).toEqual([['0:bare']]);
  });

  it('is sub-agents and changed items of the to-do list', () => {
    const run = (state: SubAgentStatus) => ({ id: 's', name: 'helper', status: state });
    expect(
      told(
        status({ subAgentExecutions: [run(SubAgentStatus.SUB_AGENT_IN_PROGRESS)], todos: { a: { id: 'a', content: 'x', status: TodoStatus.TODO_PENDING }, b: { id: 'b', content: 'y' } } }),
        status({ subAgentExecutions: [run(SubAgentStatus.SUB_AGENT_COMPLETED)], todos: { a: { id: 'a', content: 'x', status: TodoStatus.TODO_COMPLETED }, b: { id: 'b', content: 'y' } } }),
      ),
    ).toEqual([
      ['sub-agent-started helper', 'todos a,b'],
      ['sub-agent-ended helper', 'todos a'],
    ]);
  });

  it('is complete and without repetition however the states arrive', () => {
    const change = fc.oneof(
      fc.record({ type: fc.constant('message' as const), text: fc.string({ maxLength: 4 }) }),
      fc.record({ type: fc.constant('text' as const), at: fc.nat(5), text: fc.string({ maxLength: 4 }) }),
      fc.record({ type: fc.constant('call' as const), id: fc.constantFrom('a', 'b', 'c') }),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ change, seen: fc.boolean(), fresh: fc.boolean() }), { maxLength: 30 }), (steps) => {
        const messages: ReturnType<typeof ai>[] = [];
        const calls = new Map<string, ReturnType<typeof call>>();
        const transcript = new AgentTranscript();
        const texts: string[] = [];
        const log: string[] = [];
        const take = (fresh: boolean): void => {
          // A snapshot has objects of its own, deltas share those that did not change.
          const shown = fresh ? messages.map((message) => ({ ...message })) : messages.slice();
          for (const event of transcript.take(status({ messages: shown, toolCalls: [...calls.values()] }))) {
            if (event.type === 'text') texts[event.index] = (texts[event.index] ?? '') + event.text;
            else log.push(brief(event));
          }
        };
        for (const { change: one, seen, fresh } of steps) {
          if (one.type === 'message') messages.push(ai(one.text));
          else if (one.type === 'text') {
            const message = messages[one.at];
            if (message !== undefined) messages[one.at] = { ...message, content: message.content + one.text };
          } else calls.set(one.id, call(one.id, calls.has(one.id) ? COMPLETED : RUNNING));
          if (seen) take(fresh);
        }
        take(false);
        expect(messages.map((_message, index) => texts[index] ?? '')).toEqual(messages.map(({ content }) => content));
        for (const [id, { status: state }] of calls) {
          expect(log.filter((entry) => entry === `start ${id}`)).toHaveLength(1);
          expect(log.filter((entry) => entry === `end ${id}`)).toHaveLength(state === COMPLETED ? 1 : 0);
        }
      }),
    );
  });
});
