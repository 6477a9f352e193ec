import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli, type CliOptions } from '../../../test/support/cli.js';
import { type GrpcPeer, startGrpcPeer } from '../../../test/support/grpc-peer.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { failedPrecondition, notFound } from '../../contract/errors.js';
import { AgentQueryController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { MessageType, ToolCallStatus } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { AgentExecutionQueryController } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { WorkflowExecutionQueryController } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/query_pb.js';
import { CancelResponseSchema, ExecutionControl } from '../../contract/gen/stigmer/execution/v1/execution_pb.js';
import { ExecutionStream, type WatchListRequest, WatchListResponseSchema, WatchResponseSchema } from '../../contract/gen/stigmer/stream/v1/stream_pb.js';
import { Phase } from '../../contract/phases.js';

const AGENT = 'agt-01kc0000000000000000000000';
const ids = ['aex-01kc0000000000000000000001', 'wex-01kc0000000000000000000002', 'aex-01kc0000000000000000000003'] as const;

let peer: GrpcPeer;
let asked: WatchListRequest[];

beforeEach(async () => {
  peer = await startGrpcPeer();
  asked = [];
  peer.stream(ExecutionStream.method.watchList, async function* (request, call) {
    asked.push(request);
    const executions = [
      { executionId: ids[2], kind: 'agent_execution', phase: Phase.FAILED, ownerId: AGENT, startedAt: '2026-01-26T09:59:00Z', completedAt: '2026-01-26T09:59:03.2Z', error: 'the key was refused' },
      { executionId: ids[0], kind: 'agent_execution', phase: Phase.COMPLETED, ownerId: AGENT, startedAt: '2026-01-26T08:00:00Z', completedAt: '2026-01-26T08:02:05Z' },
      { executionId: ids[1], kind: 'workflow_execution', phase: Phase.PENDING, ownerId: 'wfl-gone' },
    ];
    yield create(WatchListResponseSchema, { item: { case: 'snapshot', value: { executions } } });
    await new Promise<void>((resolve) => call.left.addEventListener('abort', () => resolve()));
  });
  peer.unary(AgentQueryController.method.get, () => ({ metadata: { slug: 'reviewer' } }));
  peer.unary(AgentExecutionQueryController.method.get, ({ value }) => {
    if (value !== ids[0]) throw notFound('AgentExecution', value);
    return {
      metadata: { id: value },
      status: {
        phase: Phase.COMPLETED,
        startedAt: '2026-01-26T10:00:00Z',
        completedAt: '2026-01-26T10:00:02Z',
        messages: [{ type: MessageType.MESSAGE_AI, content: 'All is well.' }],
        toolCalls: [{ id: 't', name: 'look', status: ToolCallStatus.TOOL_CALL_COMPLETED, result: 'ok' }],
      },
    };
  });
  peer.unary(WorkflowExecutionQueryController.method.get, ({ value }) => {
    throw notFound('WorkflowExecution', value);
  });
});
afterEach(() => peer.down());

const run = (line: string, options: CliOptions = {}) => cli(line.split(' '), { endpoint: peer.endpoint, clock: new ManualClock(Date.UTC(2026, 0, 26, 10)), ...options });

describe('stigmer executions list', () => {
  it('writes the newest last, with what they are of and why they failed', async () => {
    const table = `ID                              PHASE         STARTED    TOOK       OF        ERROR
${ids[0]}  ✅ completed  2 h ago    2 min 5 s  reviewer
${ids[1]}  ⏳ pending                          wfl-gone
${ids[2]}  ❌ failed     1 min ago  3.2 s      reviewer  the key was refused
`;
    for (const line of ['executions', 'executions list', 'list executions', 'list runs']) expect((await run(line)).stdout).toBe(table);
  });

  it('passes filters on and shows only so many', async () => {
    const { stdout, stderr } = await run(`executions list --phase in-progress --phase failed --owner ${AGENT} --org acme -n 1`);
    expect(asked[0]).toMatchObject({ phases: [Phase.IN_PROGRESS, Phase.FAILED], ownerId: AGENT, org: 'acme' });
    expect(stdout).not.toContain(ids[1]);
    expect(stderr).toBe('… and 2 older ones: --limit 0 shows all\n');
    expect((await run('list workflow-executions')).stdout).not.toContain(ids[0]);
    expect(await run('executions list --phase done')).toMatchObject({ code: 2, stderr: expect.stringContaining("--phase: 'done' must be") });
  });

  it('writes them for programs', async () => {
    expect(JSON.parse((await run('executions -o json')).stdout)).toMatchObject([{ executionId: ids[0], phase: 'completed' }, { phase: 'pending' }, { phase: 'failed', error: 'the key was refused' }]);
  });
});

describe('stigmer executions get', () => {
  it('shows what was said and done, and how it ended', async () => {
    const { code, stdout } = await run(`executions get ${ids[0]}`);
    expect(stdout).toBe(`Execution ID: ${ids[0]}
🤖 Agent: All is well.

🔧 Tool: look ✓
   ok

${'─'.repeat(80)}
✅ completed in 2.0 s · 1 message · 1 tool call
${'─'.repeat(80)}
`);
    expect(code).toBe(0);
  });

  it('writes all of it for programs', async () => {
    expect(JSON.parse((await run(`executions get ${ids[0]} -o json`)).stdout)).toMatchObject({ metadata: { id: ids[0] }, status: { phase: 'EXECUTION_COMPLETED' } });
  });

  it('ends with 3 when there is none, and refuses ids of other things', async () => {
    expect(await run(`executions get ${ids[2]}`)).toMatchObject({ code: 3, stderr: expect.stringContaining(`AgentExecution not found: ${ids[2]}`) });
    expect(await run('executions get nonsense')).toMatchObject({ code: 3 });
    expect(await run(`executions get ${AGENT}`)).toMatchObject({ code: 2, stderr: expect.stringContaining('is the id of an agent, not of an agent execution or a workflow execution') });
  });
});

describe('stigmer executions watch', () => {
  it('shows what was said, then follows to the end', async () => {
    peer.stream(ExecutionStream.method.watch, async function* () {
      const status = { phase: Phase.IN_PROGRESS, messages: [{ type: MessageType.MESSAGE_AI, content: 'so far' }] };
      yield create(WatchResponseSchema, { item: { case: 'snapshot', value: { at: { logId: 'l', revision: 1n }, execution: { case: 'agent', value: { status } } } } });
      yield create(WatchResponseSchema, { item: { case: 'end', value: { phase: Phase.FAILED, error: 'no' } } });
    });
    const { code, stdout } = await run(`executions watch ${ids[0]}`);
    expect(stdout).toContain('▶️ in progress\n\n🤖 Agent: so far\n');
    expect(stdout).toContain('❌ failed');
    expect(code).toBe(1);
  });

  it('ends with 3 when there is none, and with 4 when no server answers', async () => {
    expect((await run(`executions watch ${ids[2]}`)).code).toBe(3);
    peer.down();
    expect((await run(`executions watch ${ids[0]}`)).code).toBe(4);
  });
});

describe('stigmer cancel', () => {
  it('cancels, with the reason, under both names', async () => {
    const heard: string[] = [];
    peer.unary(ExecutionControl.method.cancel, ({ executionId, reason }) => {
      heard.push(`${executionId} ${reason}`);
      return create(CancelResponseSchema, { execution: { case: 'agent', value: { status: { phase: Phase.IN_PROGRESS } } } });
    });
    expect((await run(`cancel ${ids[0]} --reason wrong`)).stdout).toBe(`⚠️ ${ids[0]} is being cancelled (in progress)\n`);
    expect(JSON.parse((await run(`executions cancel ${ids[0]} -o json`)).stdout)).toEqual({ executionId: ids[0], phase: 'in_progress' });
    expect(heard).toEqual([`${ids[0]} wrong`, `${ids[0]} `]);
  });

  it('says so when the execution has ended', async () => {
    peer.unary(ExecutionControl.method.cancel, () => {
      throw failedPrecondition('the execution has ended as completed', { reason: 'ENDED' });
    });
    expect(await run(`cancel ${ids[0]}`)).toMatchObject({ code: 1, stderr: '✗ the execution has ended as completed\n' });
  });
});
