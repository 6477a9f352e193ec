import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli, type CliOptions, startCli } from '../../../test/support/cli.js';
import { type GrpcPeer, startGrpcPeer } from '../../../test/support/grpc-peer.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { until } from '../../../test/support/rpc.js';
import { CallMetadata } from '../../contract/call-metadata.js';
import { notFound, unavailable } from '../../contract/errors.js';
import type { AgentExecution } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentQueryController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { AgentExecutionCommandController } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { MessageType, ToolCallStatus } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { AgentExecutionQueryController } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { WorkflowQueryController } from '../../contract/gen/ai/stigmer/agentic/workflow/v1/query_pb.js';
import { WorkflowExecutionCommandController } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/command_pb.js';
import { ExecutionControl } from '../../contract/gen/stigmer/execution/v1/execution_pb.js';
import type { ExecutionEventSchema } from '../../contract/gen/stigmer/stream/v1/event_pb.js';
import { ResourceQuery, ResourceSchema } from '../../contract/gen/stigmer/resource/v1/resource_pb.js';
import { ExecutionStream, type WatchResponseSchema } from '../../contract/gen/stigmer/stream/v1/stream_pb.js';
import { Phase } from '../../contract/phases.js';

type Item = NonNullable<MessageInitShape<typeof WatchResponseSchema>['item']>;
type Event = NonNullable<MessageInitShape<typeof ExecutionEventSchema>['change']>;

const AGENT_ID = 'agt-01kc0000000000000000000000';
const WORKFLOW_ID = 'wfl-01kc0000000000000000000000';
const EXECUTION_ID = 'aex-01kc0000000000000000000001';

let peer: GrpcPeer;
let created: { execution: AgentExecution; headers: ReadonlyMap<string, string> }[];

beforeEach(async () => {
  peer = await startGrpcPeer();
  created = [];
  peer.unary(AgentQueryController.method.getByReference, ({ slug }) => {
    if (slug !== 'reviewer' && slug !== 'both') throw notFound('Agent', slug);
    return { metadata: { id: AGENT_ID, name: 'reviewer', slug, org: 'local' } };
  });
  peer.unary(AgentQueryController.method.get, ({ value }) => {
    if (value !== AGENT_ID) throw notFound('Agent', value);
    return { metadata: { id: value, name: 'reviewer', slug: 'reviewer', org: 'acme' } };
  });
  peer.unary(WorkflowQueryController.method.get, ({ value }) => {
    throw notFound('Workflow', value);
  });
  peer.unary(WorkflowQueryController.method.getByReference, ({ slug }) => {
    if (slug !== 'deploy' && slug !== 'both') throw notFound('Workflow', slug);
    return { metadata: { id: WORKFLOW_ID, name: slug, slug, org: 'local' } };
  });
  peer.unary(ResourceQuery.method.list, () => ({ resources: [create(ResourceSchema, { resource: { case: 'agent', value: { metadata: { slug: 'reviewer' } } } })] }));
  peer.unary(AgentExecutionCommandController.method.create, (execution, { headers }) => {
    created.push({ execution, headers });
    return { metadata: { name: execution.metadata?.name ?? '', id: EXECUTION_ID }, status: { phase: Phase.PENDING } };
  });
});
afterEach(() => peer.down());

function play(...calls: readonly (readonly (Item | Error | 'hang')[])[]): void {
  let next = 0;
  peer.stream(ExecutionStream.method.watch, async function* (_request, call) {
    for (const step of calls[next++] ?? []) {
      if (step instanceof Error) throw step;
      if (step === 'hang') await new Promise<void>((resolve) => call.left.addEventListener('abort', () => resolve()));
      else yield { item: step };
    }
  });
}

let revision = 0n;
const snapshot = (phase: number, content = ''): Item => {
  revision = 10n;
  const messages = content === '' ? [] : [{ type: MessageType.MESSAGE_AI, content }];
  return { case: 'snapshot', value: { at: { logId: 'log', revision }, execution: { case: 'agent', value: { status: { phase, messages } } } } };
};
const deltas = (...changes: Event[]): Item => {
  const firstRevision = revision + 1n;
  revision += BigInt(changes.length);
  return { case: 'deltas', value: { firstRevision, lastRevision: revision, events: changes.map((change) => ({ change })) } };
};
const started: Event = { case: 'phaseChanged', value: { phase: Phase.IN_PROGRESS, startedAt: '2026-01-26T10:00:00.3Z' } };
const completed: Event = { case: 'phaseChanged', value: { phase: Phase.COMPLETED, completedAt: '2026-01-26T10:00:12.4Z' } };
const says = (index: number, content: string): Event => ({ case: 'messageAppended', value: { index, message: { type: MessageType.MESSAGE_AI, content } } });
const adds = (index: number, offset: number, text: string): Event => ({ case: 'textAppended', value: { index, offset: BigInt(offset), text } });
const calls = (status: ToolCallStatus, result = ''): Event => ({
  case: 'toolCallUpserted',
  value: { toolCall: { id: 't1', name: 'fetch_diff', args: { pr: 42 }, status, result, startedAt: '2026-01-26T10:00:01Z', completedAt: result === '' ? '' : '2026-01-26T10:00:01.8Z' } },
});
const end = (phase: number, error = ''): Item => ({ case: 'end', value: { phase, error } });

const run = (argv: string[], options: CliOptions = {}) => cli(['run', ...argv], { endpoint: peer.endpoint, ...options });

describe('stigmer run', () => {
  it('prints the id at once, streams the answer and the tool calls, and ends with the summary', async () => {
    play([
      snapshot(Phase.PENDING),
      deltas(started, says(0, 'I will ')),
      deltas(adds(0, 7, 'look.'), calls(ToolCallStatus.TOOL_CALL_RUNNING)),
      deltas(calls(ToolCallStatus.TOOL_CALL_COMPLETED, 'diff')),
      deltas(says(2, 'Fine.'), { case: 'usageAdded', value: { usage: { inputTokens: 10n, outputTokens: 5n, modelCalls: 2 } } }, completed),
      end(Phase.COMPLETED),
    ]);
    const { code, stdout, stderr } = await run(['reviewer', '-m', 'Review PR 42']);
    expect(stdout).toBe(`✓ Execution started: agent reviewer
Execution ID: ${EXECUTION_ID}
⏳ pending
▶️ in progress

🤖 Agent: I will look.

🔧 Tool: fetch_diff {"pr":42} ✓ 0.8 s
   diff

🤖 Agent: Fine.

${'─'.repeat(80)}
✅ completed in 12.1 s · 3 messages · 1 tool call · 10 tokens in, 5 out
${'─'.repeat(80)}
`);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(created[0]?.execution).toMatchObject({ metadata: { org: 'local', name: expect.stringMatching(/^execution-\d+$/) }, spec: { agentId: AGENT_ID, message: 'Review PR 42' } });
    expect(created[0]?.headers.get(CallMetadata.IDEMPOTENCY_KEY)).toBe('key-1');
  });

  it('ends with 1 and the reason when the execution fails or is cancelled', async () => {
    play([snapshot(Phase.PENDING), deltas({ case: 'phaseChanged', value: { phase: Phase.FAILED, error: 'the key was refused' } }), end(Phase.FAILED, 'the key was refused')], [snapshot(Phase.CANCELLED), end(Phase.CANCELLED)]);
    const failed = await run(['reviewer']);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('❌ failed');
    expect(failed.stdout).toContain('Error: the key was refused');
    const cancelled = await run(['reviewer']);
    expect(cancelled.code).toBe(1);
    expect(cancelled.stdout).toContain('⚠️ cancelled');
  });

  it('shows why nothing moves, and that it goes on', async () => {
    const notice = { code: 'NO_RUNNER', severity: 2, text: 'nothing is polling the queue', remedies: ['stigmer server start --only agent-runner'] };
    play([
      snapshot(Phase.PENDING),
      { case: 'notice', value: notice },
      { case: 'notice', value: notice },
      { case: 'notice', value: { code: 'NO_RUNNER', cleared: true } },
      deltas(started, completed),
      end(Phase.COMPLETED),
    ]);
    const { stdout } = await run(['reviewer']);
    expect(stdout).toContain('⏳ pending\n⚠ nothing is polling the queue\n  → stigmer server start --only agent-runner\n✓ over: nothing is polling the queue\n');
  });

  it('goes on where it was after a lost connection, prints nothing twice, and says so on standard error', async () => {
    play([snapshot(Phase.IN_PROGRESS, 'Hello, '), unavailable('restarting')], [deltas(adds(0, 7, 'wor')), unavailable('restarting')], [snapshot(Phase.IN_PROGRESS, 'Hello, world'), deltas(adds(0, 12, '!'), completed), end(Phase.COMPLETED)]);
    const { code, stdout, stderr } = await run(['reviewer']);
    expect(stdout).toContain('🤖 Agent: Hello, world!\n');
    expect(stderr).toContain(`connection to ${peer.endpoint} lost (`);
    expect(stderr).toContain('resuming…\n');
    expect(stderr).toContain(`connection to ${peer.endpoint} is back\n`);
    expect(code).toBe(0);
  });

  it('follows by subscribe where the server has no Watch', async () => {
    peer.stream(AgentExecutionQueryController.method.subscribe, async function* () {
      yield { status: { phase: Phase.IN_PROGRESS, messages: [{ type: MessageType.MESSAGE_AI, content: 'Hel' }] } };
      yield { status: { phase: Phase.COMPLETED, messages: [{ type: MessageType.MESSAGE_AI, content: 'Hello' }] } };
    });
    const { code, stdout } = await run(['reviewer']);
    expect(stdout).toContain('🤖 Agent: Hello\n');
    expect(code).toBe(0);
  });

  it('only starts it when told so', async () => {
    const { code, stdout } = await run(['reviewer', '--no-follow']);
    expect(stdout).toBe(`✓ Execution started: agent reviewer\nExecution ID: ${EXECUTION_ID}\n  → stigmer executions watch ${EXECUTION_ID}\n`);
    expect(code).toBe(0);
    expect(peer.calls).not.toContain('ExecutionStream/Watch');
  });

  it('takes an id, of either kind', async () => {
    play([snapshot(Phase.COMPLETED), end(Phase.COMPLETED)]);
    expect((await run([AGENT_ID])).code).toBe(0);
    expect(created[0]?.execution.metadata?.org).toBe('acme');
    expect((await run(['ses-01kc0000000000000000000000'])).stderr).toContain('is the id of a session, not of an agent or a workflow');
  });

  it('runs workflows with their own request', async () => {
    let triggered = '';
    peer.unary(WorkflowExecutionCommandController.method.create, ({ spec, metadata }) => {
      triggered = `${spec?.workflowId} ${spec?.triggerMessage} ${metadata?.ownerScope}`;
      return { metadata: { id: 'wex-1' } };
    });
    expect((await run(['deploy', '--no-follow'])).stdout).toContain('Execution started: workflow deploy');
    expect(triggered).toBe(`${WORKFLOW_ID} execute 2`);
    expect((await run(['deploy', '--model', 'x'])).code).toBe(2);
  });

  it('refuses a name that an agent and a workflow bear, listing both', async () => {
    const { code, stderr } = await run(['both']);
    expect(code).toBe(2);
    expect(stderr).toContain(`agent     ${AGENT_ID}  stigmer run both --kind agent`);
    expect(stderr).toContain(`workflow  ${WORKFLOW_ID}  stigmer run both --kind workflow`);
    expect(created).toEqual([]);
    expect((await run(['both', '--kind', 'agent', '--no-follow'])).code).toBe(0);
  });

  it('ends with 3 and the name that was meant when there is no such thing', async () => {
    const { code, stderr } = await run(['reveiwer']);
    expect(code).toBe(3);
    expect(stderr).toContain("Agent or Workflow not found: reveiwer; did you mean 'reviewer'?");
  });

  it('ends with 4 when no server answers, and says how to start one', async () => {
    peer.down();
    const { code, stderr } = await run(['reviewer']);
    expect(code).toBe(4);
    expect(stderr).toContain(`server not reachable at ${peer.endpoint}: start it with \`stigmer server start\` (connection refused`);
  });

  it('asks again under the same key when the connection is lost before the answer', async () => {
    const keys: (string | undefined)[] = [];
    peer.unary(AgentExecutionCommandController.method.create, async (_execution, { headers }) => {
      keys.push(headers.get(CallMetadata.IDEMPOTENCY_KEY));
      // As when the server is killed: UNAVAILABLE without a word of its own.
      if (keys.length === 1) throw unavailable('');
      return { metadata: { id: EXECUTION_ID } };
    });
    const { code, stderr } = await run(['reviewer', '--no-follow']);
    expect(code).toBe(0);
    expect(keys).toEqual(['key-1', 'key-1']);
    expect(stderr).toContain('lost before it answered, asking again…');
  });

  it('does not ask again when the server itself says that it is unavailable', async () => {
    peer.unary(AgentExecutionCommandController.method.create, () => {
      throw unavailable('Temporal at 127.0.0.1:7233 does not answer', { reason: 'TEMPORAL_DOWN' });
    });
    const { code, stderr } = await run(['reviewer']);
    expect(code).toBe(4);
    expect(stderr).toBe('✗ Temporal at 127.0.0.1:7233 does not answer\n');
    expect(peer.calls.filter((call) => call.endsWith('/create'))).toHaveLength(1);
  });
});

describe('the message of a run', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stigmer-cli-'));
    writeFileSync(join(folder, 'ask.txt'), 'from a file\n');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each([
    [[], 'execute'],
    [['-m', 'a text'], 'a text'],
    [['--message=-x'], '-x'],
    [['-m', '-'], 'from standard input'],
    [['-m', '@ask.txt'], 'from a file\n'],
    [['-m', '@@mention'], '@mention'],
  ])('given as %j is %j', async (argv, message) => {
    await run(['reviewer', '--no-follow', ...argv], { cwd: folder, stdin: 'from standard input' });
    expect(created[0]?.execution.spec?.message).toBe(message);
  });

  it('must not be empty, nor a file that is not there', async () => {
    expect(await run(['reviewer', '-m', ''])).toMatchObject({ code: 2, stderr: expect.stringContaining('--message: the text is empty') });
    expect(await run(['reviewer', '-m', '-'], { stdin: '\n' })).toMatchObject({ code: 2, stderr: expect.stringContaining('--message: standard input is empty') });
    expect(await run(['reviewer', '-m', '@nope.txt'], { cwd: folder })).toMatchObject({ code: 2, stderr: expect.stringContaining('nope.txt cannot be read') });
    expect(created).toEqual([]);
  });
});

describe('the variables of a run', () => {
  it('are taken as given, from the environment, or by asking, and a secret on the command line is warned of', async () => {
    const given = ['A=1=2', 'secret:B=hidden', 'C', 'secret:D', 'secret:E', 'F='];
    const { stderr } = await run(['reviewer', '--no-follow', ...given.flatMap((one) => ['--runtime-env', one])], { env: { C: 'see', D: 'dee' }, answers: ['typed'], columns: 200 });
    const values = Object.fromEntries(Object.entries(created[0]?.execution.spec?.runtimeEnv ?? {}).map(([name, { value, isSecret }]) => [name, [value, isSecret]]));
    expect(values).toEqual({ A: ['1=2', false], B: ['hidden', true], C: ['see', false], D: ['dee', true], E: ['typed', true] });
    expect(stderr).toContain('⚠ the value of B stands on the command line');
    expect(stderr).not.toContain('hidden');
  });

  it('must have a name, and a value from somewhere', async () => {
    expect(await run(['reviewer', '--runtime-env', '=x'])).toMatchObject({ code: 2, stderr: expect.stringContaining('a name is missing before the =') });
    expect(await run(['reviewer', '--runtime-env', 'NOPE'])).toMatchObject({ code: 2, stderr: expect.stringContaining('NOPE is not set in the environment; give it as NOPE=VALUE') });
    expect(await run(['reviewer', '--runtime-env', 'secret:NOPE'])).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no terminal to ask at') });
    expect(created).toEqual([]);
  });
});

describe('for programs', () => {
  const script = () => play([snapshot(Phase.PENDING), deltas(started, says(0, 'Hi'), adds(0, 2, '!'), completed), end(Phase.COMPLETED)]);

  it('run writes one event a line', async () => {
    script();
    const { stdout } = await run(['reviewer', '-o', 'ndjson']);
    expect(stdout.trim().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual([
      { type: 'execution', executionId: EXECUTION_ID, agent: 'reviewer' },
      { type: 'phase', phase: 'pending' },
      { type: 'text', message: 0, role: 'ai', text: 'Hi!' },
      expect.objectContaining({ type: 'end', phase: 'completed', result: 'Hi!', messages: 1, toolCalls: 0 }),
    ]);
  });

  it('run writes one result, with the id on standard error before', async () => {
    script();
    const { stdout, stderr, code } = await run(['reviewer', '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ executionId: EXECUTION_ID, phase: 'completed', result: 'Hi!' });
    expect(JSON.parse(stderr)).toEqual({ executionId: EXECUTION_ID });
    expect(code).toBe(0);
  });

  it('errors are JSON as well', async () => {
    const { stderr, code } = await run(['nobody', '-o', 'json']);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'NOT_FOUND', message: expect.stringContaining('nobody') } });
    expect(code).toBe(3);
    expect(JSON.parse((await cli(['rum', '-o', 'json'])).stderr)).toMatchObject({ error: { code: 'INVALID_ARGUMENT', reason: 'USAGE', remedies: ['stigmer --help'] } });
  });
});

describe('Ctrl-C while it runs', () => {
  const hanging = () => play([snapshot(Phase.IN_PROGRESS, 'working'), 'hang']);

  async function interrupted(answers: readonly string[] | undefined) {
    const running = startCli(['run', 'reviewer'], { endpoint: peer.endpoint, columns: 80, ...(answers === undefined ? {} : { answers }) });
    await until(() => running.out.screen.includes('working'));
    running.signals.interrupt();
    return running;
  }

  it('asks, and detaches: the execution goes on, and it says how to come back', async () => {
    hanging();
    const { code, err, asked } = await interrupted(['d']);
    expect(await code).toBe(130);
    expect(asked).toEqual(['Interrupted. The execution is still running:']);
    expect(err.screen).toContain(`Detached. The execution goes on.\n  → stigmer executions watch ${EXECUTION_ID}\n  → stigmer cancel ${EXECUTION_ID}\n`);
    expect(peer.calls).not.toContain('ExecutionControl/Cancel');
  });

  it('asks, and takes no answer (Ctrl-C again) for detaching', async () => {
    hanging();
    expect(await (await interrupted([])).code).toBe(130);
  });

  it('asks, and cancels: it shows the end', async () => {
    const cancelled = new Promise<string>((resolve) => {
      peer.unary(ExecutionControl.method.cancel, ({ executionId }) => {
        resolve(executionId);
        return {};
      });
    });
    peer.stream(ExecutionStream.method.watch, async function* () {
      yield { item: snapshot(Phase.IN_PROGRESS, 'working') };
      await cancelled;
      yield { item: deltas({ case: 'phaseChanged', value: { phase: Phase.CANCELLED } }) };
      yield { item: end(Phase.CANCELLED) };
    });
    const { code, out } = await interrupted(['c']);
    expect(await code).toBe(130);
    expect(await cancelled).toBe(EXECUTION_ID);
    expect(out.screen).toContain('⚠️ cancelled');
  });

  it('asks, and goes on', async () => {
    let more: () => void = () => undefined;
    peer.stream(ExecutionStream.method.watch, async function* () {
      yield { item: snapshot(Phase.IN_PROGRESS, 'working') };
      await new Promise<void>((resolve) => (more = resolve));
      yield { item: deltas(adds(0, 7, ' and done'), completed) };
      yield { item: end(Phase.COMPLETED) };
    });
    const { code, out } = await interrupted(['g']);
    more();
    expect(await code).toBe(0);
    expect(out.screen).toContain('🤖 Agent: working and done');
  });

  it('detaches where nobody can be asked', async () => {
    hanging();
    const { code, err } = await interrupted(undefined);
    expect(await code).toBe(130);
    expect(err.screen).toContain('Detached.');
  });

  it('is not the only way out: SIGTERM and a closed pipe leave as well, each with its code', async () => {
    for (const [ending, code] of [['SIGTERM', 143], ['SIGHUP', 129], ['CLOSED_PIPE', 141]] as const) {
      hanging();
      const running = startCli(['run', 'reviewer'], { endpoint: peer.endpoint });
      await until(() => running.out.screen.includes('working'));
      running.signals.end(ending);
      expect(await running.code).toBe(code);
      expect(running.err.screen.includes('Detached.')).toBe(ending !== 'CLOSED_PIPE');
    }
  });
});

describe('a quiet execution', () => {
  it('is shown to be alive, on a terminal, by a line that is gone when something happens', async () => {
    const clock = new ManualClock();
    let more: () => void = () => undefined;
    peer.stream(ExecutionStream.method.watch, async function* () {
      yield { item: snapshot(Phase.PENDING) };
      await new Promise<void>((resolve) => (more = resolve));
      yield { item: deltas(started, completed) };
      yield { item: end(Phase.COMPLETED) };
    });
    const running = startCli(['run', 'reviewer'], { endpoint: peer.endpoint, columns: 80, clock });
    await until(() => running.out.screen.includes('⏳ pending\n'));
    await clock.advance(5_000);
    expect(running.out.screen).toContain('⏳ pending · quiet for 5 s');
    more();
    expect(await running.code).toBe(0);
    expect(running.out.screen).not.toContain('quiet for');
  });
});
