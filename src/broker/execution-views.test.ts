import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { AgentExecutionSchema, AgentExecutionStatusSchema } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { WorkflowExecutionSchema } from '../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { NoticeSchema } from '../contract/gen/stigmer/stream/v1/notice_pb.js';
import { WatchResponseSchema } from '../contract/gen/stigmer/stream/v1/stream_pb.js';
import { applyAll } from '../execution/apply.js';
import { encodeEvent } from '../execution/codec.js';
import { executionEvent } from '../execution/event.js';
import { initialProjection } from '../execution/projection.js';
import { executionModel, type PublishedExecution } from './execution-model.js';
import { subscribeView, watchView } from './execution-views.js';

const view = watchView('log-1');
const read = (bytes: Uint8Array | undefined) => fromBinary(WatchResponseSchema, bytes ?? new Uint8Array()).item;

function agentExecution(): PublishedExecution {
  const projection = initialProjection('agent');
  applyAll(projection, [
    executionEvent('messageAppended', { index: 0, message: { type: 2, content: 'né' } }),
    executionEvent('usageAdded', { usage: { inputTokens: 5n } }),
  ]);
  const resource = toBinary(AgentExecutionSchema, create(AgentExecutionSchema, { kind: 'AgentExecution', metadata: { id: 'aex-1' }, spec: { message: 'hi' } }));
  const statusExtras = toBinary(AgentExecutionStatusSchema, create(AgentExecutionStatusSchema, { audit: { specAudit: { event: 'created' } } }));
  return { projection, resource, statusExtras };
}

const whole = {
  kind: 'AgentExecution',
  metadata: { id: 'aex-1' },
  spec: { message: 'hi' },
  status: { phase: 1, messages: [{ content: 'né' }], audit: { specAudit: { event: 'created' } } },
};

describe('the view of Watch', () => {
  it('shows an execution with its course, its usage, and where it stands', () => {
    const item = read(view.snapshot(agentExecution(), { revision: 2, resyncReason: '' }));
    expect(item).toMatchObject({
      case: 'snapshot',
      value: { at: { logId: 'log-1', revision: 2n }, execution: { case: 'agent', value: whole }, usage: { inputTokens: 5n }, resync: false },
    });
  });

  it('shows a workflow execution, and says why it shows it anew', () => {
    const resource = toBinary(WorkflowExecutionSchema, create(WorkflowExecutionSchema, { kind: 'WorkflowExecution' }));
    const execution = { projection: initialProjection('workflow'), resource, statusExtras: new Uint8Array() };
    expect(read(view.snapshot(execution, { revision: 300, resyncReason: 'fell behind' }))).toMatchObject({
      case: 'snapshot',
      value: { at: { revision: 300n }, execution: { case: 'workflow', value: { kind: 'WorkflowExecution', status: { phase: 1 } } }, resync: true, resyncReason: 'fell behind' },
    });
  });

  it('gives events in the bytes in which they are stored', () => {
    const event = executionEvent('textAppended', { index: 0, offset: 3n, text: '!' });
    const bytes = encodeEvent(event);
    const frame = view.deltas?.({ firstRevision: 3, lastRevision: 4, conflated: true, events: [{ event, bytes }] });
    expect(read(frame)).toMatchObject({ case: 'deltas', value: { firstRevision: 3n, lastRevision: 4n, conflated: true, events: [event] } });
    expect(Buffer.from(frame as Uint8Array).includes(Buffer.from(bytes))).toBe(true);
  });

  it('gives notices, bookmarks and ends', () => {
    const notice = create(NoticeSchema, { code: 'NO_RUNNER', text: 'nobody' });
    expect(read(view.notice?.(notice))).toMatchObject({ case: 'notice', value: { code: 'NO_RUNNER', text: 'nobody' } });
    expect(read(view.bookmark?.(9))).toMatchObject({ case: 'bookmark', value: { at: { logId: 'log-1', revision: 9n } } });
    expect(read(view.end?.({ revision: 9, state: undefined }))).toMatchObject({ case: 'end', value: { phase: 0, deleted: true } });
    const failed = agentExecution();
    executionModel.apply(failed, executionEvent('phaseChanged', { phase: 4, error: 'no key' }));
    expect(read(view.end?.({ revision: 9, state: failed }))).toMatchObject({ case: 'end', value: { phase: 4, error: 'no key', deleted: false } });
  });
});

describe('the view of subscribe', () => {
  it('is the whole execution', () => {
    expect(fromBinary(AgentExecutionSchema, subscribeView.snapshot(agentExecution(), { revision: 2, resyncReason: '' }))).toMatchObject(whole);
  });

  it('shows nothing but snapshots', () => {
    expect(Object.keys(subscribeView)).toEqual(['snapshot']);
  });
});

describe('the model of executions', () => {
  it('takes a change of phase for a transition, and a repeated phase for none', () => {
    const execution = agentExecution();
    const begin = executionEvent('phaseChanged', { phase: 2 });
    expect(executionModel.isTransition(execution, begin)).toBe(true);
    executionModel.apply(execution, begin);
    expect(executionModel.isTransition(execution, begin)).toBe(false);
    expect(executionModel.isTransition(execution, executionEvent('usageAdded', { usage: {} }))).toBe(false);
  });

  it('ends with a terminal phase', () => {
    const execution = agentExecution();
    expect(executionModel.hasEnded(execution)).toBe(false);
    executionModel.apply(execution, executionEvent('phaseChanged', { phase: 5 }));
    expect(executionModel.hasEnded(execution)).toBe(true);
  });
});
