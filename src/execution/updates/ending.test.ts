import { equals } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { NOW, TIME, agent, workflow, ai, taken, cases, refusal, after, reported, said, phase, messages } from '../../../test/support/reductions.js';
import { Code } from '../../contract/errors.js';
import type { AgentExecutionStatus } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { ExecutionStateSchema } from '../../contract/gen/stigmer/stream/v1/event_pb.js';
import { Phase } from '../../contract/phases.js';
import { executionEvent } from '../event.js';
import { copyState } from '../projection.js';
import { reduce } from '../reduce.js';
import type { Update } from '../update.js';

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
