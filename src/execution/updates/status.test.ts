import { equals } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agentStatus, workflowStatus } from '../../../test/support/execution-arbitraries.js';
import { after, agent, ai, NOW, refusal, taken, TIME, workflow } from '../../../test/support/reductions.js';
import { type AgentExecutionStatus, AgentExecutionStatusSchema } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { initialProjection } from '../projection.js';
import { reduce } from '../reduce.js';

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
