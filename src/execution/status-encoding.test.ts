import { clone, create, type DescMessage, equals, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agentStatus, laterAgentStatus, workflowStatus } from '../../test/support/execution-arbitraries.js';
import { AgentExecutionStatusSchema } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { WorkflowExecutionStatusSchema } from '../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { encodeEvent } from './codec.js';
import { initialProjection, type Projection, sizeOfState } from './projection.js';
import { reduce } from './reduce.js';
import { StatusEncoding } from './status-encoding.js';
import type { ExecutionStatus, Update } from './update.js';

const NOW = 1_790_000_000_000;

/** A run of statuses, most of them a little later than the one before. */
const agentRun = fc
  .tuple(agentStatus, agentStatus)
  .chain(([first, other]) => laterAgentStatus(first).chain((second) => laterAgentStatus(second).map((third) => [first, second, second, third, other, third])));
const workflowRun = fc.tuple(workflowStatus, workflowStatus).map(([first, other]) => [first, { ...first, error: other.error }, first, other]);
const type = fc.constantFrom('status' as const, 'final' as const);

/** Takes the statuses in one after another, decoded and answered by `encoding` or, without one, as a whole. */
function takeIn(schema: DescMessage, projection: Projection, statuses: readonly ExecutionStatus[], updateType: 'status' | 'final', encoding?: StatusEncoding) {
  return statuses.map((sent) => {
    const bytes = toBinary(schema, sent);
    const status = encoding?.decode(bytes) ?? (fromBinary(schema, bytes) as Message as ExecutionStatus);
    const { events, rejection } = reduce(projection, { type: updateType, status } satisfies Update, NOW) as { events?: readonly never[]; rejection?: Error };
    const answer = encoding === undefined ? toBinary(schema, projection.status) : Buffer.concat(encoding.encode(projection.status));
    return { events: events?.map((event) => Buffer.from(encodeEvent(event)).toString('hex')), rejection: rejection?.message, answer, size: sizeOfState(projection) };
  });
}

function comesToTheSame(schema: DescMessage, kind: 'agent' | 'workflow', statuses: readonly ExecutionStatus[], updateType: 'status' | 'final'): void {
  const plain = takeIn(schema, initialProjection(kind), statuses, updateType);
  const encoded = takeIn(schema, initialProjection(kind), statuses, updateType, new StatusEncoding(schema));
  for (const [i, { answer, ...outcome }] of encoded.entries()) {
    const { answer: expected, ...rest } = plain[i]!;
    expect(outcome).toEqual(rest);
    expect(answer.length).toBe(expected.length);
    expect(equals(schema, fromBinary(schema, answer), fromBinary(schema, expected))).toBe(true);
  }
}

describe('StatusEncoding', () => {
  it('gives the events, state and answer of agent statuses that are decoded and encoded as a whole', () => {
    fc.assert(fc.property(agentRun, type, (statuses, updateType) => comesToTheSame(AgentExecutionStatusSchema, 'agent', statuses, updateType)), { numRuns: 300 });
  });

  it('gives the events, state and answer of workflow statuses that are decoded and encoded as a whole', () => {
    fc.assert(fc.property(workflowRun, type, (statuses, updateType) => comesToTheSame(WorkflowExecutionStatusSchema, 'workflow', statuses, updateType)), { numRuns: 200 });
  });

  it('decodes any status, whatever the one was that it knows', () => {
    fc.assert(
      fc.property(agentStatus, agentStatus, (known, sent) => {
        const encoding = new StatusEncoding(AgentExecutionStatusSchema);
        encoding.encode(known);
        expect(equals(AgentExecutionStatusSchema, encoding.decode(toBinary(AgentExecutionStatusSchema, sent)) as typeof sent, sent)).toBe(true);
      }),
    );
  });

  it('gives the elements that it knows, and new ones for those that changed', () => {
    const encoding = new StatusEncoding(AgentExecutionStatusSchema);
    const known = create(AgentExecutionStatusSchema, { messages: [{ content: 'a' }, { content: 'b' }], toolCalls: [{ id: 'x' }] });
    encoding.encode(known);
    const sent = clone(AgentExecutionStatusSchema, known);
    sent.messages[1]!.content = 'bc';
    const { messages, toolCalls } = encoding.decode(toBinary(AgentExecutionStatusSchema, sent)) as typeof sent;
    expect(messages[0]).toBe(known.messages[0]);
    expect(messages[1]).toEqual(sent.messages[1]);
    expect(toolCalls[0]).toBe(known.toolCalls[0]);
  });

  it('keeps no more than the last status', () => {
    const encoding = new StatusEncoding(AgentExecutionStatusSchema);
    encoding.encode(create(AgentExecutionStatusSchema, { messages: [{ content: 'a' }, { content: 'b' }] }));
    encoding.encode(create(AgentExecutionStatusSchema, { messages: [{ content: 'a' }] }));
    expect(encoding.bytes).toBe(5);
  });

  it('refuses what is no status', () => {
    expect(() => new StatusEncoding(AgentExecutionStatusSchema).decode(Buffer.from([0x0a, 9, 1]))).toThrow(/premature/);
  });
});
