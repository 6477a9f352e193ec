import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli, startCli } from '../../../test/support/cli.js';
import { type GrpcPeer, startGrpcPeer } from '../../../test/support/grpc-peer.js';
import { until } from '../../../test/support/rpc.js';
import { AgentQueryController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import type { AgentExecution } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { MessageType } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { ExecutionControl } from '../../contract/gen/stigmer/execution/v1/execution_pb.js';
import { ExecutionStream, WatchResponseSchema } from '../../contract/gen/stigmer/stream/v1/stream_pb.js';
import { Phase } from '../../contract/phases.js';

let peer: GrpcPeer;
let created: AgentExecution[];
let cancelled: () => void;

beforeEach(async () => {
  peer = await startGrpcPeer();
  created = [];
  const cancel = new Promise<void>((resolve) => (cancelled = resolve));
  peer.unary(AgentQueryController.method.getByReference, ({ slug }) => ({ metadata: { id: 'agt-1', name: slug, slug } }));
  peer.unary(AgentExecutionCommandController.method.create, (execution) => {
    created.push(execution);
    return { metadata: { id: `aex-${created.length}` }, spec: { sessionId: 'ses-1' } };
  });
  peer.unary(ExecutionControl.method.cancel, () => {
    cancelled();
    return {};
  });
  peer.stream(ExecutionStream.method.watch, async function* ({ executionId }) {
    const said = created.at(-1)?.spec?.message ?? '';
    const messages = [
      { type: MessageType.MESSAGE_HUMAN, content: said },
      { type: MessageType.MESSAGE_AI, content: `You said ${said}.` },
    ];
    yield create(WatchResponseSchema, { item: { case: 'snapshot', value: { at: { logId: 'l', revision: 1n }, execution: { case: 'agent', value: { metadata: { id: executionId }, status: { phase: Phase.IN_PROGRESS, messages } } } } } });
    if (said === 'wait') await cancel;
    yield create(WatchResponseSchema, { item: { case: 'end', value: { phase: said === 'wait' ? Phase.CANCELLED : Phase.COMPLETED } } });
  });
});
afterEach(() => peer.down());

describe('stigmer chat', () => {
  it('says each line in the same session and shows the answers', async () => {
    const { code, stdout, stderr } = await cli(['chat', 'reviewer'], { endpoint: peer.endpoint, stdin: 'one\ntwo\n/exit\nthree\n' });
    expect(stdout).toBe('🤖 Agent: You said one.\n✅ completed · 2 messages · 0 tool calls\n\n🤖 Agent: You said two.\n✅ completed · 2 messages · 0 tool calls\n\n');
    expect(stderr).toBe('Talking with reviewer. Ctrl-D ends it.\nTo go on: stigmer chat reviewer --session ses-1\n');
    expect(created.map(({ spec }) => [spec?.message, spec?.sessionId])).toEqual([
      ['one', ''],
      ['two', 'ses-1'],
    ]);
    expect(code).toBe(0);
  });

  it('goes on with a session', async () => {
    await cli(['chat', 'reviewer', '--session', 'ses-9', '--model', 'm'], { endpoint: peer.endpoint, stdin: 'one\n' });
    expect(created[0]?.spec).toMatchObject({ sessionId: 'ses-9', executionConfig: { modelName: 'm' } });
  });

  it('cancels the turn at Ctrl-C and goes on talking', async () => {
    const running = startCli(['chat', 'reviewer'], { endpoint: peer.endpoint, stdin: 'wait\nnext\n' });
    await until(() => running.out.screen.includes('You said wait.'));
    running.signals.interrupt();
    expect(await running.code).toBe(0);
    expect(running.out.screen).toContain('⚠️ cancelled');
    expect(running.out.screen).toContain('You said next.');
  });
});
