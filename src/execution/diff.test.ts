import { clone, create, equals } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agentStatus, laterAgentStatus, workflowStatus } from '../../test/support/execution-arbitraries.js';
import { type AgentExecutionStatus, AgentExecutionStatusSchema, ToolCallSchema } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { type WorkflowExecutionStatus, WorkflowExecutionStatusSchema } from '../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { type ExecutionEvent, ExecutionStateSchema } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import { apply } from './apply.js';
import { diff } from './diff.js';
import { projectionOf } from './projection.js';

function agentOf(status: AgentExecutionStatus) {
  return projectionOf(create(ExecutionStateSchema, { status: { case: 'agent', value: clone(AgentExecutionStatusSchema, status) } }));
}

function workflowOf(status: WorkflowExecutionStatus) {
  return projectionOf(create(ExecutionStateSchema, { status: { case: 'workflow', value: clone(WorkflowExecutionStatusSchema, status) } }));
}

/** `to` with the texts that no event can take back. */
function reachable<T extends AgentExecutionStatus | WorkflowExecutionStatus>(from: T, to: T): T {
  return { ...to, error: to.error || from.error, startedAt: to.startedAt || from.startedAt, completedAt: to.completedAt || from.completedAt };
}

const cases = (events: readonly ExecutionEvent[]) => events.map(({ change }) => change.case);

describe('diff', () => {
  it('leads from any agent status to any other', () => {
    fc.assert(
      fc.property(agentStatus, agentStatus, (from, to) => {
        const projection = agentOf(from);
        for (const event of diff(projection, to)) apply(projection, event);
        expect(equals(AgentExecutionStatusSchema, projection.status as AgentExecutionStatus, reachable(from, to))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('leads from an agent status to a later one of the same run', () => {
    const pair = agentStatus.chain((from) => laterAgentStatus(from).map((to) => [from, to] as const));
    fc.assert(
      fc.property(pair, ([from, to]) => {
        const projection = agentOf(from);
        for (const event of diff(projection, to)) apply(projection, event);
        expect(equals(AgentExecutionStatusSchema, projection.status as AgentExecutionStatus, to)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('leads from any workflow status to any other', () => {
    fc.assert(
      fc.property(workflowStatus, workflowStatus, (from, to) => {
        const projection = workflowOf(from);
        for (const event of diff(projection, to)) apply(projection, event);
        const wanted = reachable(from, { ...to, temporalWorkflowId: to.temporalWorkflowId || from.temporalWorkflowId });
        if (to.output === undefined && from.output !== undefined) wanted.output = from.output;
        expect(equals(WorkflowExecutionStatusSchema, projection.status as WorkflowExecutionStatus, wanted)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('finds nothing between a status and itself', () => {
    fc.assert(
      fc.property(agentStatus, (status) => {
        expect(diff(agentOf(status), clone(AgentExecutionStatusSchema, status))).toEqual([]);
      }),
    );
  });

  it('tells text that grew as the text that was added, with the bytes before it', () => {
    const from = create(AgentExecutionStatusSchema, { messages: [{ type: 2, content: '🙂 né' }] });
    const to = create(AgentExecutionStatusSchema, { messages: [{ type: 2, content: '🙂 né à' }] });
    const [event, ...rest] = diff(agentOf(from), to);
    expect(event?.change).toMatchObject({ case: 'textAppended', value: { index: 0, offset: 8n, text: ' à' } });
    expect(rest).toEqual([]);
  });

  it("tells a call that the original's runner puts in the list and in a message once", () => {
    const call = create(ToolCallSchema, { id: 'x', name: 'ls', status: 1, startedAt: 't' });
    const done = { ...call, status: 3, result: 'files' };
    const at = (held: typeof call) => create(AgentExecutionStatusSchema, { messages: [{ type: 3, timestamp: 't', toolCalls: [held] }], toolCalls: [held] });
    const begin = diff(agentOf(create(AgentExecutionStatusSchema)), at(call));
    const end = diff(agentOf(at(call)), at(done));
    expect([...begin, ...end].map(({ change }) => change)).toMatchObject([
      { case: 'toolCallUpserted', value: { detached: false } },
      { case: 'toolCallUpserted', value: { detached: false } },
    ]);
  });

  it('replaces the conversation when it became shorter or most of it is another', () => {
    const of = (...contents: string[]) => create(AgentExecutionStatusSchema, { messages: contents.map((content) => ({ type: 2, content })) });
    expect(cases(diff(agentOf(of('a', 'b')), of('a')))).toEqual(['messagesReplaced']);
    expect(cases(diff(agentOf(of('a', 'b', 'c', 'd')), of('x', 'y', 'z', 'd', 'e')))).toEqual(['messagesReplaced']);
    expect(cases(diff(agentOf(of('a', 'b', 'c', 'd')), of('a', 'x', 'c', 'd')))).toEqual(['messageUpdated']);
  });

  it('puts an end last and a start first', () => {
    const from = create(AgentExecutionStatusSchema, { phase: 1 });
    const message = { type: 2, content: 'a' };
    expect(cases(diff(agentOf(from), create(AgentExecutionStatusSchema, { phase: 2, messages: [message] })))).toEqual(['phaseChanged', 'messageAppended']);
    expect(cases(diff(agentOf(from), create(AgentExecutionStatusSchema, { phase: 3, messages: [message] })))).toEqual(['messageAppended', 'phaseChanged']);
  });
});
