import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ExecutionStateSchema } from '../../contract/gen/stigmer/stream/v1/event_pb.js';
import { NoticeSchema } from '../../contract/gen/stigmer/stream/v1/notice_pb.js';
import { WorkflowTaskStatus } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/enum_pb.js';
import { Phase } from '../../contract/phases.js';
import { Transcript } from './transcript.js';

const notice = (text: string, cleared = false) => create(NoticeSchema, { code: 'MODEL_UNREACHABLE', text, cleared });
const texts = (events: ReturnType<Transcript['notice']>) => events.map((event) => ('notice' in event ? `${event.type} ${event.notice.text}` : event.type));

describe('notices', () => {
  it('are told once, however often they are repeated, and once more when they are over', () => {
    const transcript = new Transcript();
    expect(texts(transcript.notice(notice('no answer'), 0))).toEqual(['notice no answer']);
    expect(transcript.notice(notice('no answer'), 60_000)).toEqual([]);
    expect(texts(transcript.notice(notice('', true), 61_000))).toEqual(['notice-over no answer']);
    expect(transcript.notice(notice('', true), 62_000)).toEqual([]);
    expect(texts(transcript.notice(notice('no answer'), 63_000))).toEqual(['notice no answer']);
  });

  it('that change are told anew now and then, the last one in any case', () => {
    const transcript = new Transcript();
    transcript.notice(notice('in 1 s'), 0);
    expect(transcript.notice(notice('in 2 s'), 1_000)).toEqual([]);
    expect(transcript.notice(notice('in 4 s'), 3_000)).toEqual([]);
    expect(transcript.due(4_999)).toEqual([]);
    expect(texts(transcript.due(5_000))).toEqual(['notice in 4 s']);
    expect(transcript.due(20_000)).toEqual([]);
    expect(texts(transcript.notice(notice('in 8 s'), 21_000))).toEqual(['notice in 8 s']);
  });
});

describe('the phase', () => {
  it('is told when it changes, but for the end, which the summary tells', () => {
    const transcript = new Transcript();
    const phases = [Phase.PENDING, Phase.PENDING, Phase.IN_PROGRESS, Phase.COMPLETED];
    expect(phases.map((phase) => transcript.state(create(ExecutionStateSchema, { status: { case: 'agent', value: { phase } } })).length)).toEqual([1, 0, 1, 0]);
  });
});

describe('tasks of a workflow', () => {
  it('are told whenever their state changes', () => {
    const transcript = new Transcript();
    const { WORKFLOW_TASK_IN_PROGRESS: RUNNING, WORKFLOW_TASK_COMPLETED: DONE } = WorkflowTaskStatus;
    const states = [[RUNNING], [RUNNING], [DONE, RUNNING], [DONE, DONE]];
    const told = states.map((tasks) =>
      transcript
        .state(create(ExecutionStateSchema, { status: { case: 'workflow', value: { tasks: tasks.map((status, index) => ({ taskId: String(index), status })) } } }))
        .map((event) => (event.type === 'task' ? `${event.task.taskId}:${event.task.status}` : event.type)),
    );
    expect(told).toEqual([['0:2'], [], ['0:3', '1:2'], ['1:3']]);
  });
});
