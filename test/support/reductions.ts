import { create } from '@bufbuild/protobuf';
import { type AgentExecutionStatus, AgentExecutionStatusSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { WorkflowExecutionStatusSchema } from '../../src/contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import type { ExecutionEvent } from '../../src/contract/gen/stigmer/stream/v1/event_pb.js';
import { executionEvent } from '../../src/execution/event.js';
import { initialProjection, type Projection } from '../../src/execution/projection.js';
import { type Reduction, reduce } from '../../src/execution/reduce.js';
import type { Update } from '../../src/execution/update.js';

export const NOW = Date.UTC(2026, 0, 26, 10);
export const TIME = '2026-01-26T10:00:00.000Z';

export const agent = (status: Parameters<typeof create<typeof AgentExecutionStatusSchema>>[1]) => create(AgentExecutionStatusSchema, status);
export const workflow = (status: Parameters<typeof create<typeof WorkflowExecutionStatusSchema>>[1]) => create(WorkflowExecutionStatusSchema, status);
export const ai = (content: string) => ({ type: 2, content });

export function taken(reduction: Reduction): readonly ExecutionEvent[] {
  if (reduction.rejection !== undefined) throw reduction.rejection;
  return reduction.events;
}

export const cases = (reduction: Reduction) => taken(reduction).map(({ change }) => change.case);
export const refusal = (reduction: Reduction) => reduction.rejection && [reduction.rejection.codeName, reduction.rejection.message];

/** An execution after these updates. */
export function after(kind: 'agent' | 'workflow', ...updates: Update[]): Projection {
  const projection = initialProjection(kind);
  for (const update of updates) taken(reduce(projection, update, NOW));
  return projection;
}

export const reported = (...events: ExecutionEvent[]): Update => ({ type: 'events', events });
export const said = (...contents: string[]): Update =>
  reported(...contents.map((content, index) => executionEvent('messageAppended', { index, message: ai(content) })));
export const phase = (number: number, error = ''): ExecutionEvent => executionEvent('phaseChanged', { phase: number, error });
export const messages = (projection: Projection) => (projection.status as AgentExecutionStatus).messages.map(({ type, content }) => [type, content]);
