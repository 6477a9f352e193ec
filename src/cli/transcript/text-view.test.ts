import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { FakeOutput } from '../../../test/support/fake-output.js';
import { AgentMessageSchema, SubAgentExecutionSchema, TodoItemSchema, ToolCallSchema } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { MessageType, SubAgentStatus, TodoStatus, ToolCallStatus } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { WorkflowTaskSchema } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { WorkflowTaskStatus } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/enum_pb.js';
import { UsageSchema } from '../../contract/gen/stigmer/stream/v1/event_pb.js';
import { Notice_Severity, NoticeSchema } from '../../contract/gen/stigmer/stream/v1/notice_pb.js';
import { Phase } from '../../contract/phases.js';
import { Screen } from '../terminal/output.js';
import type { TranscriptEvent } from './events.js';
import { TextView, type TextViewOptions } from './text-view.js';
import type { Summary } from './summary.js';

const CREATED = Date.parse('2026-01-26T10:00:00Z');
const text = (index: number, part: string, more: { first?: boolean; rewritten?: boolean; type?: MessageType } = {}): TranscriptEvent => ({
  type: 'text',
  index,
  text: part,
  first: more.first ?? true,
  rewritten: more.rewritten ?? false,
  message: create(AgentMessageSchema, { type: more.type ?? MessageType.MESSAGE_AI }),
});
const call = (id: string, init: { name?: string; args?: Record<string, string | number>; result?: string; status?: ToolCallStatus; error?: string } = {}) =>
  create(ToolCallSchema, { id, name: 'fetch_diff', startedAt: '2026-01-26T10:00:00Z', completedAt: '2026-01-26T10:00:00.8Z', status: ToolCallStatus.TOOL_CALL_COMPLETED, ...init });
const started = (id: string, init: Parameters<typeof call>[1] = {}): TranscriptEvent => ({ type: 'tool-started', call: call(id, init) });
const ended = (id: string, init: Parameters<typeof call>[1] = {}): TranscriptEvent => ({ type: 'tool-ended', call: call(id, init) });
const notice = (init: { severity?: Notice_Severity; text: string; remedies?: string[] }) => create(NoticeSchema, { code: 'NO_RUNNER', severity: Notice_Severity.WARNING, ...init });

function shown(events: readonly TranscriptEvent[], options: Partial<TextViewOptions> & { columns?: number } = {}): string {
  const out = new FakeOutput(options.columns === undefined ? {} : { columns: options.columns });
  const view = new TextView(out, new FakeOutput(), { full: false, createdAt: CREATED, ...options });
  for (const event of events) view.show(event);
  return out.screen;
}

function finished(summary: Partial<Summary>): string {
  const out = new FakeOutput();
  new TextView(out, new FakeOutput(), { full: false }).finish({ executionId: 'aex-1', phase: Phase.COMPLETED, error: '', deleted: false, durationMs: 12_400, usage: undefined, ...summary });
  return out.screen;
}

describe('a transcript on paper', () => {
  it('shows phases with their times, texts as they grow, and tool calls with arguments, time and result', () => {
    expect(
      shown([
        { type: 'phase', phase: Phase.PENDING, startedAt: '' },
        { type: 'phase', phase: Phase.IN_PROGRESS, startedAt: '2026-01-26T10:00:00.3Z' },
        text(0, 'I will '),
        text(0, 'look.', { first: false }),
        started('a', { args: { pr: 42 } }),
        ended('a', { args: { pr: 42 }, result: 'one\ntwo' }),
        text(2, 'Looks right.'),
      ]),
    ).toBe(`⏳ pending
▶️ in progress (0.3 s)

🤖 Agent: I will look.

🔧 Tool: fetch_diff {"pr":42} ✓ 0.8 s
   one
   two

🤖 Agent: Looks right.`);
  });

  it('names the speakers', () => {
    const types = [MessageType.MESSAGE_HUMAN, MessageType.MESSAGE_AI, MessageType.MESSAGE_TOOL, MessageType.MESSAGE_SYSTEM];
    expect(shown(types.map((type, index) => text(index, 'x', { type })))).toBe('💬 You: x\n\n🤖 Agent: x\n\n🔧 Tool: x\n\nℹ️ System: x');
  });

  it('keeps calls apart that run at the same time', () => {
    expect(shown([started('a', { name: 'slow' }), started('b', { name: 'quick' }), ended('b', { name: 'quick', result: 'B' }), ended('a', { name: 'slow', result: 'A' })])).toBe(
      '🔧 Tool: slow\n🔧 Tool: quick ✓ 0.8 s\n   B\n   ✓ 0.8 s slow\n   A\n',
    );
  });

  it('says why a call failed', () => {
    expect(shown([started('a'), ended('a', { status: ToolCallStatus.TOOL_CALL_FAILED, error: 'no such PR' })])).toBe('🔧 Tool: fetch_diff ✗ 0.8 s\n   no such PR\n');
  });

  it('folds long results and arguments, says how much there is, and shows all of it when asked', () => {
    const result = Array.from({ length: 20 }, (_none, index) => `line ${index}`).join('\n');
    const folded = shown([started('a', { args: { content: 'y'.repeat(400) } }), ended('a', { result })]);
    expect(folded).toContain('line 4\n   … 15 more lines; --full shows all\n');
    expect(folded).toMatch(/y… \d+ more characters/);
    const full = shown([started('a', { args: { content: 'y'.repeat(400) } }), ended('a', { result })], { full: true });
    expect(full).toContain('y'.repeat(400));
    expect(full).toContain('line 19');
  });

  it('says when a text goes on after something else, and when it was rewritten', () => {
    expect(shown([text(0, 'one'), text(1, 'two'), text(0, ' more', { first: false }), text(1, 'deux', { rewritten: true })])).toBe(
      '🤖 Agent: one\n\n🤖 Agent: two\n\n🤖 Agent (continued): more\n\n🤖 Agent (rewritten): deux',
    );
  });

  it('tells why nothing moves, what to do, and when it is over', () => {
    const reason = notice({ text: 'nothing is polling the queue agent_execution_runner: no agent-runner is connected', remedies: ['stigmer server start --only agent-runner', 'stigmer server logs -c agent-runner'] });
    expect(shown([{ type: 'notice', notice: reason }, { type: 'notice-over', notice: reason }], { columns: 60 })).toBe(`⚠ nothing is polling the queue agent_execution_runner: no
  agent-runner is connected
  → stigmer server start --only agent-runner
  → stigmer server logs -c agent-runner
✓ over: nothing is polling the queue
        agent_execution_runner: no agent-runner is
        connected
`);
  });

  it('shows sub-agents, the to-do list and the tasks of a workflow', () => {
    const run = create(SubAgentExecutionSchema, { id: 's', name: 'helper', input: 'do it', output: 'done', status: SubAgentStatus.SUB_AGENT_COMPLETED });
    const task = create(WorkflowTaskSchema, { taskId: '1', taskName: 'fetch', status: WorkflowTaskStatus.WORKFLOW_TASK_FAILED, error: '404' });
    expect(
      shown([
        { type: 'sub-agent-started', subAgent: run },
        { type: 'sub-agent-ended', subAgent: run },
        { type: 'todos', items: [create(TodoItemSchema, { content: 'read', status: TodoStatus.TODO_COMPLETED })] },
        { type: 'task', task },
      ]),
    ).toBe('🤖 Sub-agent: helper\n   do it\n   ✓ Sub-agent: helper\n   done\n\n📋 To do\n   ☑ read\n✗ Task: fetch [Failed]\n   404\n');
  });

  it('lets no text of a model or tool reach the terminal as a control sequence', () => {
    const evil = '\u001b]0;x\u0007\u001b[2J\u202e';
    const screen = shown([text(0, `a${evil}b`), started('a', { name: `n${evil}` }), ended('a', { result: `r${evil}` }), { type: 'notice', notice: notice({ text: `t${evil}`, remedies: [`m${evil}`] }) }], { columns: 80 });
    expect(screen).toContain('🤖 Agent: ab');
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(screen).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });

  it('does not let a lost connection run into the text where both outputs are one terminal', () => {
    const screen = new Screen();
    const [out, err] = [new FakeOutput({ columns: 80, screen }), new FakeOutput({ columns: 80, screen })];
    const view = new TextView(out, err, { full: false });
    view.show(text(0, 'Hel'));
    view.show({ type: 'connection-lost', endpoint: 'h:1', reason: 'reset' });
    view.show(text(0, 'lo', { first: false }));
    expect(out.screen).toBe('🤖 Agent: Hel\n\n🤖 Agent (continued): lo');
    expect(err.screen).toBe('connection to h:1 lost (reset), resuming…\n');
  });

  it('keeps a piped text whole when the connection is lost in the middle of it', () => {
    const [out, err] = [new FakeOutput(), new FakeOutput()];
    const view = new TextView(out, err, { full: false });
    view.show(text(0, 'Hel'));
    view.show({ type: 'connection-lost', endpoint: 'h:1', reason: 'reset' });
    view.show(text(0, 'lo', { first: false }));
    expect(out.screen).toBe('🤖 Agent: Hello');
  });
});

describe('the summary', () => {
  const rule = '─'.repeat(80);

  it('counts what happened between two rules', () => {
    const usage = create(UsageSchema, { inputTokens: 1234n, outputTokens: 56n, costMicros: 12_300n });
    expect(finished({ agent: { messages: 3, toolCalls: 1, result: '' }, usage })).toBe(`\n${rule}\n✅ completed in 12.4 s · 3 messages · 1 tool call · 1,234 tokens in, 56 out · $0.0123\n${rule}\n`);
  });

  it('says why an execution failed or was cancelled', () => {
    expect(finished({ phase: Phase.FAILED, error: 'the model refused the key' })).toBe(`\n${rule}\n❌ failed in 12.4 s\nError: the model refused the key\n${rule}\n`);
    expect(finished({ phase: Phase.CANCELLED })).toContain('⚠️ cancelled in 12.4 s');
    expect(finished({ deleted: true })).toContain('⚠️ the execution was deleted');
  });

  it('shows the output of a workflow and how its tasks ended', () => {
    expect(finished({ workflow: { tasks: 4, completed: 2, failed: 1, skipped: 1, output: { ok: true } } })).toBe(
      `\nOutput:\n  {\n    "ok": true\n  }\n\n${rule}\n✅ completed in 12.4 s · 4 tasks (2 completed, 1 failed, 1 skipped)\n${rule}\n`,
    );
  });
});
