import { create, equals } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agentStatus, eventSeed, nextEvent, workflowStatus } from '../../test/support/execution-arbitraries.js';
import { Code } from '../contract/errors.js';
import { type AgentExecutionStatus, AgentExecutionStatusSchema } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { WorkflowExecutionStatusSchema } from '../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { type ExecutionEvent, ExecutionEventSchema, ExecutionStateSchema } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import { Phase } from '../contract/phases.js';
import { applyAll } from './apply.js';
import { executionEvent } from './event.js';
import { cloneProjection, copyState, initialProjection, type Projection, sizeOfState } from './projection.js';
import { type Reduction, reduce } from './reduce.js';
import type { Update } from './update.js';

const NOW = Date.UTC(2026, 0, 26, 10);
const TIME = '2026-01-26T10:00:00.000Z';

const agent = (status: Parameters<typeof create<typeof AgentExecutionStatusSchema>>[1]) => create(AgentExecutionStatusSchema, status);
const workflow = (status: Parameters<typeof create<typeof WorkflowExecutionStatusSchema>>[1]) => create(WorkflowExecutionStatusSchema, status);
const ai = (content: string) => ({ type: 2, content });

function taken(reduction: Reduction): readonly ExecutionEvent[] {
  if (reduction.rejection !== undefined) throw reduction.rejection;
  return reduction.events;
}

const cases = (reduction: Reduction) => taken(reduction).map(({ change }) => change.case);
const refusal = (reduction: Reduction) => reduction.rejection && [reduction.rejection.codeName, reduction.rejection.message];

/** An execution after these updates. */
function after(kind: 'agent' | 'workflow', ...updates: Update[]): Projection {
  const projection = initialProjection(kind);
  for (const update of updates) taken(reduce(projection, update, NOW));
  return projection;
}

const reported = (...events: ExecutionEvent[]): Update => ({ type: 'events', events });
const said = (...contents: string[]): Update =>
  reported(...contents.map((content, index) => executionEvent('messageAppended', { index, message: ai(content) })));
const phase = (number: number, error = ''): ExecutionEvent => executionEvent('phaseChanged', { phase: number, error });
const messages = (projection: Projection) => (projection.status as AgentExecutionStatus).messages.map(({ type, content }) => [type, content]);

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

describe('a runner’s updateStatus', () => {
  it('replaces the lists that are not empty, keeps the others, and takes neither token nor audit', () => {
    const first = agent({ messages: [ai('a'), ai('b')], toolCalls: [{ id: 'x' }], todos: { 1: { id: '1' } } });
    const projection = after('agent', { type: 'status', status: first });
    const second = agent({ messages: [ai('c')], callbackToken: new Uint8Array([1]), audit: {} });
    taken(reduce(projection, { type: 'status', status: second }, NOW));
    expect(projection.status).toMatchObject({ messages: [{ content: 'c' }], toolCalls: [{ id: 'x' }], todos: { 1: { id: '1' } } });
    expect(projection.status).not.toHaveProperty('audit');
    expect((projection.status as AgentExecutionStatus).callbackToken).toHaveLength(0);
  });

  it('says nothing new the second time', () => {
    fc.assert(
      fc.property(agentStatus, workflowStatus, (one, other) => {
        const tasks = [...new Map(other.tasks.map((task) => [task.taskId || 'x', { ...task, taskId: task.taskId || 'x' }])).values()];
        for (const [kind, status] of [['agent', one] as const, ['workflow', { ...other, tasks }] as const]) {
          const projection = after(kind, { type: 'status', status });
          expect(taken(reduce(projection, { type: 'status', status }, NOW + 1))).toEqual([]);
        }
      }),
    );
  });

  it('comes to the same status as replacing field by field', () => {
    fc.assert(
      fc.property(fc.array(agentStatus, { minLength: 1, maxLength: 4 }), (statuses) => {
        const projection = initialProjection('agent');
        const wanted = agent({ phase: 2 });
        for (const status of statuses) {
          taken(reduce(projection, { type: 'status', status }, NOW));
          if (status.messages.length > 0) wanted.messages = status.messages;
          if (status.toolCalls.length > 0) wanted.toolCalls = status.toolCalls;
          if (status.subAgentExecutions.length > 0) wanted.subAgentExecutions = status.subAgentExecutions;
          if (Object.keys(status.todos).length > 0) wanted.todos = status.todos;
          wanted.error = status.error || wanted.error;
          wanted.startedAt = status.startedAt || wanted.startedAt || TIME;
          wanted.completedAt = status.completedAt || wanted.completedAt;
        }
        expect(equals(AgentExecutionStatusSchema, projection.status as AgentExecutionStatus, wanted)).toBe(true);
      }),
    );
  });

  it('puts workflow tasks in by their id and fills in their times', () => {
    const at = (taskId: string, status: number) => workflow({ tasks: [{ taskId, status }] });
    const projection = after('workflow', { type: 'status', status: at('a', 2) }, { type: 'status', status: at('b', 2) });
    taken(reduce(projection, { type: 'status', status: at('a', 3) }, NOW + 5000));
    expect(projection.status).toMatchObject({
      tasks: [
        { taskId: 'a', status: 3, startedAt: TIME, completedAt: '2026-01-26T10:00:05.000Z' },
        { taskId: 'b', status: 2, startedAt: TIME, completedAt: '' },
      ],
    });
    expect(refusal(reduce(projection, { type: 'status', status: at('', 2) }, NOW))).toEqual(['INVALID_ARGUMENT', 'status.tasks[0].task_id: must not be empty']);
  });

  it('is refused with an unknown phase, or of the other kind, and changes nothing', () => {
    const projection = initialProjection('agent');
    const odd = reduce(projection, { type: 'status', status: agent({ phase: 9 as never, messages: [ai('a')] }) }, NOW);
    expect(refusal(odd)).toEqual(['INVALID_ARGUMENT', 'status.phase: must be a number from 0 to 5 and is 9']);
    expect(refusal(reduce(projection, { type: 'status', status: workflow({}) }, NOW))?.[0]).toBe('INVALID_ARGUMENT');
    expect(projection.status).toMatchObject({ phase: 1, messages: [] });
  });

  it('that fails without an error takes the last system message for it', () => {
    const failed = agent({ phase: 4, messages: [ai('a'), { type: 4, content: 'no key' }] });
    expect(after('agent', { type: 'status', status: failed }).status).toMatchObject({ phase: 4, error: 'no key', completedAt: TIME });
    expect(after('workflow', { type: 'status', status: workflow({ phase: 4 }) }).status.error).toContain('gave no reason');
  });
});

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

describe('the end', () => {
  const ends: Update[] = [reported(phase(3)), { type: 'cancelled', reason: 'enough' }, { type: 'failure', error: 'lost' }, { type: 'final', status: agent({ phase: 5 }) }];

  it('is final: nothing that follows changes anything', () => {
    const later: Update[] = [
      said('x'),
      reported(phase(2)),
      { type: 'status', status: agent({ messages: [ai('x')] }) },
      { type: 'status', status: agent({ phase: 2 }) },
      { type: 'final', status: agent({ phase: 4, error: 'x', messages: [ai('x')] }) },
      { type: 'failure', error: 'x' },
      { type: 'cancelled', reason: 'x' },
      { type: 'details', temporalWorkflowId: 'x' },
    ];
    for (const end of ends) {
      const projection = after('agent', said('a'), end);
      const was = copyState(projection);
      for (const update of later) {
        const reduction = reduce(projection, update, NOW + 1);
        expect(reduction.rejection?.code ?? taken(reduction).length).toBe(reduction.rejection === undefined ? 0 : Code.FAILED_PRECONDITION);
        expect(equals(ExecutionStateSchema, projection.state, was)).toBe(true);
      }
    }
  });

  it('is refused to a runner’s later word, and says how and when it ended', () => {
    const projection = after('agent', { type: 'cancelled', reason: 'enough' });
    expect(refusal(reduce(projection, said('x'), NOW))).toEqual([
      'FAILED_PRECONDITION',
      'the execution has ended as cancelled at 2026-01-26T10:00:00.000Z; a later update is not taken',
    ]);
  });

  it('may be told again', () => {
    const status = agent({ phase: 3, messages: [ai('a')] });
    const projection = after('agent', { type: 'status', status });
    expect(taken(reduce(projection, { type: 'status', status }, NOW))).toEqual([]);
    expect(taken(reduce(projection, reported(phase(3)), NOW))).toEqual([]);
    expect(refusal(reduce(projection, { type: 'status', status: agent({ phase: 3, messages: [ai('ab')] }) }, NOW))?.[0]).toBe('FAILED_PRECONDITION');
  });

  it('by cancelling says why; asking for it changes nothing, and is refused once the run has ended otherwise', () => {
    const projection = after('agent', said('a'), { type: 'cancel-request' });
    expect(projection.status.phase).toBe(Phase.IN_PROGRESS);
    taken(reduce(projection, { type: 'cancelled', reason: 'enough' }, NOW));
    expect(projection.status).toMatchObject({ phase: 5, error: 'enough', completedAt: TIME });
    expect(taken(reduce(projection, { type: 'cancel-request' }, NOW))).toEqual([]);
    expect(refusal(reduce(after('agent', reported(phase(3))), { type: 'cancel-request' }, NOW))?.[0]).toBe('FAILED_PRECONDITION');
  });

  it('by a failure that no runner reports keeps the conversation and adds the reason', () => {
    const projection = after('agent', said('a'), { type: 'failure', error: 'the runner is gone' });
    expect(messages(projection)).toEqual([
      [2, 'a'],
      [4, 'the runner is gone'],
    ]);
    expect(projection.status).toMatchObject({ phase: 4, error: 'the runner is gone', completedAt: TIME });
    expect(after('workflow', { type: 'failure', error: 'x' }).status).toMatchObject({ phase: 4, error: 'x' });
  });
});

describe('the workflow’s last word', () => {
  const final = (status: AgentExecutionStatus): Update => ({ type: 'final', status });

  it('gives all when the runner reached nobody', () => {
    const projection = after('agent', final(agent({ phase: 3, messages: [ai('a'), ai('b')], toolCalls: [{ id: 'x' }], startedAt: 's', completedAt: 'e' })));
    expect(projection.status).toMatchObject({ phase: 3, startedAt: 's', completedAt: 'e', messages: [{ content: 'a' }, { content: 'b' }], toolCalls: [{ id: 'x' }] });
  });

  it.each([
    ['the rest of a conversation', ['a', 'b'], ['a', 'bc', 'd'], ['a', 'bc', 'd']],
    ['the rest of the last message, told alone', ['a', 'b'], ['bcd'], ['a', 'bcd']],
    ['a last message that is not there', ['a', 'b'], ['z'], ['a', 'b', 'z']],
    ['nothing when the last message is there', ['a', 'b'], ['b'], ['a', 'b']],
    ['nothing of a conversation that is another', ['a', 'b', 'c'], ['x', 'y'], ['a', 'b', 'c']],
  ])('adds %s', (_, log, told, wanted) => {
    const projection = after('agent', said(...log), final(agent({ phase: 3, messages: told.map(ai) })));
    expect(messages(projection).map(([, content]) => content)).toEqual(wanted);
    expect(projection.status.phase).toBe(3);
  });

  it('ends the tool calls that the log has as open, in the messages too', () => {
    const open = executionEvent('toolCallUpserted', { toolCall: { id: 'x', status: 2 } });
    const done = { id: 'x', status: 3, result: 'files' };
    const projection = after('agent', reported(open), final(agent({ phase: 3, toolCalls: [done, { id: 'y', status: 3 }] })));
    expect(projection.status).toMatchObject({ toolCalls: [done, { id: 'y' }], messages: [{ toolCalls: [done] }] });
    const kept = after('agent', reported(executionEvent('toolCallUpserted', { toolCall: done })), final(agent({ phase: 3, toolCalls: [{ id: 'x', status: 2 }] })));
    expect(kept.status).toMatchObject({ toolCalls: [done] });
  });

  it('fills what a workflow’s log lacks', () => {
    const told: Update = { type: 'status', status: workflow({ tasks: [{ taskId: 'a', status: 2 }], temporalWorkflowId: 'w' }) };
    const last = workflow({ phase: 3, tasks: [{ taskId: 'a', status: 3 }, { taskId: 'b', status: 3 }], output: { n: 1 } });
    expect(after('workflow', told, { type: 'final', status: last }).status).toMatchObject({
      phase: 3,
      tasks: [{ taskId: 'a', status: 3 }, { taskId: 'b', status: 3 }],
      output: { n: 1 },
      temporalWorkflowId: 'w',
    });
  });

  it('is a failure when it does not say how the run ended', () => {
    expect(after('agent', final(agent({ phase: 2 }))).status).toMatchObject({ phase: 4, error: 'the run ended, and its runner did not say how (phase 2)' });
  });

  it('ends the run also when what it tells besides cannot be taken', () => {
    const limit = { what: 'state', max: 100, unit: 'bytes' } as const;
    const projection = after('agent', said('a'));
    const huge = agent({ phase: 3, messages: [ai('a'), ai('x'.repeat(200))] });
    expect(cases(reduce(projection, final(huge), NOW, limit))).toEqual(['phaseChanged']);
    expect(projection.status.phase).toBe(3);
    const odd = after('agent', final(agent({ phase: 3, messages: [{ type: 77 as never }] })));
    expect(odd.status).toMatchObject({ phase: 3, messages: [] });
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
