import { create } from '@bufbuild/protobuf';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../test/support/rpc.js';
import { type RunnerWorld, startRunnerWorld, type WorldOptions } from '../../../test/support/runner-world.js';
import { zip } from '../../../test/support/zip.js';
import { notFound } from '../../contract/errors.js';
import { AgentSchema } from '../../contract/gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import { MessageType, SubAgentStatus, ToolCallStatus } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { SkillSchema } from '../../contract/gen/ai/stigmer/agentic/skill/v1/api_pb.js';
import { EnvironmentSchema } from '../../contract/gen/ai/stigmer/agentic/environment/v1/api_pb.js';
import { Phase } from '../../contract/phases.js';
import type { Provider } from '../model/model-settings.js';
import { runCancelled, runnerStopping } from './run-stop.js';

let world: RunnerWorld;
afterEach(() => world.close());

async function start(options: WorldOptions): Promise<RunnerWorld> {
  world = await startRunnerWorld(options);
  return world;
}

const providers: Provider[] = ['openai', 'anthropic', 'ollama'];
const spoken = (run: { server: { status: { messages: { type: MessageType; content: string }[] } } }) =>
  run.server.status.messages.filter(({ type }) => type === MessageType.MESSAGE_AI).map(({ content }) => content);
/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A provider that gives these frames of the OpenAI protocol, one answer after another; the last one again and again. */
async function framesOf(answers: readonly unknown[]): Promise<{ url: string; close: () => void }> {
  let asked = 0;
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(`data: ${JSON.stringify(answers[Math.min(asked++, answers.length - 1)])}\n\ndata: [DONE]\n\n`);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, close: () => server.close() };
}

const frame = (delta: object, finish_reason: string) => ({ id: 'c', choices: [{ index: 0, finish_reason, delta: { role: 'assistant', ...delta } }] });
const callFrame = (name: string, text: string, finish: string) => frame({ tool_calls: [{ index: 0, id: 'call_0', type: 'function', function: { name, arguments: text } }] }, finish);

const bodies = () => world.model.requests.map(({ body }) => JSON.stringify(body));

describe.each(providers)('a run on %s', (provider) => {
  it('says what the user says and each token of the answer, and ends', async () => {
    await start({ provider, script: { rules: [{ say: 'Ünïcödé 🦉 for {{message}} 👩‍👩‍👧.', odd_chunks: true, usage: { input: 12, output: 34 } }] } });
    const run = world.start({ message: 'héllo' });
    const status = await run.done;
    expect(run.server.status).toMatchObject({ phase: Phase.COMPLETED, error: '' });
    expect(run.server.status.messages).toMatchObject([
      { type: MessageType.MESSAGE_HUMAN, content: 'héllo' },
      { type: MessageType.MESSAGE_AI, content: 'Ünïcödé 🦉 for héllo 👩‍👩‍👧.' },
    ]);
    expect(run.server.events.filter(({ change }) => change.case === 'textAppended').length).toBeGreaterThanOrEqual(3);
    expect(run.server.projection.state.usage).toMatchObject({ inputTokens: 12n, outputTokens: 34n, modelCalls: 1 });
    // Temporal gets no more than how it ended.
    expect(status).toMatchObject({ phase: Phase.COMPLETED, messages: [{ content: 'Ünïcödé 🦉 for héllo 👩‍👩‍👧.' }], toolCalls: [] });
    expect(status.startedAt).toMatch(/Z$/);
    expect(bodies()[0]).toContain('You are a test agent.');
    expect(bodies()[0]).toContain('organization acme');
  });

  it('calls tools, several in one turn, and gives each turn a message of its own', async () => {
    await start({
      provider,
      script: {
        rules: [
          {
            when: { after_tool: false },
            say: 'Let me write.',
            call: [
              { tool: 'write_file', args: { file_path: '/notes/a.txt', content: 'line "1" 🦉\nline 2' } },
              { tool: 'ls', args: { path: '/' } },
              { tool: 'no_such_tool', args: { x: [1, { y: null }] } },
            ],
          },
          { when: { after_tool: 'write_file' }, say: 'And read.', call: { tool: 'read_file', args: { file_path: '/notes/a.txt' } } },
          { say: 'Done: {{tool_result.line}}' },
        ],
      },
    });
    const run = world.start();
    await run.done;
    expect(run.server.status).toMatchObject({ error: '', phase: Phase.COMPLETED });
    expect(spoken(run)).toEqual(['Let me write.', 'And read.', expect.stringMatching(/^Done:/)]);
    expect(await readFile(join(world.workspace, 'ses-1', 'notes', 'a.txt'), 'utf8')).toBe('line "1" 🦉\nline 2');
    expect(run.server.status.toolCalls).toMatchObject([
      { name: 'write_file', status: ToolCallStatus.TOOL_CALL_COMPLETED, args: { file_path: '/notes/a.txt' }, result: expect.stringContaining('/notes/a.txt') },
      { name: 'ls', status: ToolCallStatus.TOOL_CALL_COMPLETED },
      { name: 'no_such_tool', status: ToolCallStatus.TOOL_CALL_FAILED, args: { x: [1, { y: null }] }, error: expect.stringContaining('not a valid tool') },
      { name: 'read_file', status: ToolCallStatus.TOOL_CALL_COMPLETED, result: expect.stringContaining('line 2') },
    ]);
    for (const call of run.server.status.toolCalls) expect(call.startedAt <= call.completedAt).toBe(true);
  });

  it('asks again when an answer breaks off, and keeps nothing of the broken one', async () => {
    await start({ provider, script: { rules: [{ times: 1, say: 'one two three four', cut: 4 }, { say: 'all of it' }] } });
    const run = world.start();
    await run.done;
    expect(spoken(run)).toEqual(['all of it']);
    expect(run.server.status).toMatchObject({ error: '', phase: Phase.COMPLETED });
    expect(run.server.notices).toMatchObject([{ code: 'MODEL_RETRY', cleared: false }, { code: 'MODEL_RETRY', cleared: true }]);
  });

  it('fails with a sentence when the answers keep breaking off', async () => {
    await start({ provider, script: { rules: [{ say: 'one two three four', wrong_json: 3 }] } });
    const run = world.start();
    expect(await run.done).toMatchObject({ phase: Phase.FAILED, error: expect.stringMatching(/^The answer of the model some-model of .+ broke off or cannot be read: /) });
    expect(world.model.requests).toHaveLength(3);
    expect(run.server.status.phase).toBe(Phase.FAILED);
  });

  it('waits while the provider has trouble, and says so', async () => {
    await start({
      provider,
      script: {
        rules: [
          { times: 2, error: { status: 429, message: 'slow down', retry_after_s: 0 } },
          { times: 1, error: { status: 503, message: 'busy' } },
          { say: 'fine' },
        ],
      },
    });
    const run = world.start();
    await run.done;
    expect(spoken(run)).toEqual(['fine']);
    expect(run.server.notices.map(({ code, cleared }) => `${code}${cleared ? ' over' : ''}`)).toEqual([
      'MODEL_RATE_LIMITED',
      'MODEL_RATE_LIMITED',
      'MODEL_RATE_LIMITED over',
      'MODEL_RETRY',
      'MODEL_RETRY over',
    ]);
    expect(run.server.notices[0]).toMatchObject({ component: 'model-provider', address: world.settings.baseUrl, text: expect.stringContaining('slow down') });
  });

  it.each([
    [{ status: 401, message: 'bad key' }, /refused the key \(HTTP 401: bad key\)/],
    [{ status: 404, message: 'model "some-model" not found' }, /has no model some-model \(HTTP 404: .+\)\. (Get it with "ollama pull some-model"|Choose one)/],
    [{ status: 400, message: 'the prompt is too odd' }, /refused the request to the model some-model \(HTTP 400: the prompt is too odd\)/],
  ])('fails with what the provider says: %o', async (error, sentence) => {
    await start({ provider, script: { rules: [{ error }] } });
    const run = world.start();
    expect((await run.done).error).toMatch(sentence);
    expect(run.server.status).toMatchObject({ phase: Phase.FAILED, error: expect.stringMatching(sentence) });
    expect(world.model.requests).toHaveLength(1);
  });

  it.each([
    ['before the answer', { hang: true as const }],
    ['in the middle of it', { hang: 3 }],
  ])('ends a request that hangs %s when it is cancelled', async (_when, hang) => {
    await start({ provider, script: { rules: [{ say: 'one two three', ...hang }] } });
    const run = world.start();
    const request = await world.model.nextRequest();
    if (hang.hang === 3) await until(() => spoken(run).length > 0);
    run.abort(runCancelled('not wanted any more'));
    expect(await run.done).toMatchObject({ phase: Phase.CANCELLED, error: 'not wanted any more' });
    expect(await request.ended).toBe('aborted');
    expect(run.server.status.phase).toBe(Phase.CANCELLED);
  });
});

describe('a run', () => {
  it('names provider, address and variable when the model does not answer', async () => {
    await start({ provider: 'ollama', script: { rules: [{ say: 'x' }] } });
    world.settings = { ...world.settings, baseUrl: `http://127.0.0.1:${await closedPort()}` };
    const run = world.start();
    expect((await run.done).error).toBe(
      `The model provider ollama does not answer at ${world.settings.baseUrl} (connection refused). Start it (ollama serve), or set OLLAMA_BASE_URL of the agent-runner to where it is.`,
    );
    expect(run.server.notices.map(({ code, cleared }) => `${code}${cleared ? ' over' : ''}`)).toEqual([...Array(3).fill('MODEL_UNREACHABLE'), 'MODEL_UNREACHABLE over']);
  });

  it('takes the model that it asks for', async () => {
    await start({ script: { rules: [{ say: 'I am {{model}}' }] } });
    const run = world.start({ spec: { executionConfig: { modelName: 'another' } } });
    await run.done;
    expect(spoken(run)).toEqual(['I am another']);
    expect(await world.start({ spec: { executionConfig: { modelName: 'anthropic:x' } } }).done).toMatchObject({ phase: Phase.FAILED, error: expect.stringContaining('STIGMER_LLM_PROVIDER') });
  });

  it('tells the model what is wrong with a call, and goes on', async () => {
    await start({
      script: {
        rules: [
          { when: { after_tool: false }, call: { tool: 'ls', args: { path: 7 } } },
          { when: { tool_result: 'did not match' }, say: 'I see.' },
        ],
      },
    });
    const run = world.start();
    await run.done;
    expect(spoken(run)).toEqual(['I see.']);
    expect(run.server.status.toolCalls[0]).toMatchObject({ status: ToolCallStatus.TOOL_CALL_FAILED, error: expect.not.stringContaining(import.meta.dirname) });
  });

  it('does not carry out a call whose arguments were cut off by the limit of tokens', async () => {
    await start({ script: { rules: [{ say: 'x' }] } });
    const model = await framesOf([callFrame('write_file', '{"file_path": "/a.txt", "content": "half', 'length'), frame({ content: 'Oh.' }, 'stop')]);
    world.settings = { ...world.settings, baseUrl: model.url };
    const run = world.start();
    await run.done;
    model.close();
    expect(run.server.status.toolCalls).toMatchObject([
      { name: 'write_file', status: ToolCallStatus.TOOL_CALL_FAILED, error: expect.stringMatching(/was not called, because its arguments are no valid JSON/) },
    ]);
    expect(spoken(run)).toEqual(['Oh.']);
    await expect(readFile(join(world.workspace, 'ses-1', 'a.txt'))).rejects.toThrow(/ENOENT/);
  });

  it('keeps calls apart that a provider gives the same id', async () => {
    await start({ script: { rules: [{ say: 'x' }] } });
    const call = callFrame('ls', '{}', 'tool_calls');
    const model = await framesOf([call, call, frame({ content: 'Done.' }, 'stop')]);
    world.settings = { ...world.settings, baseUrl: model.url };
    const run = world.start();
    await run.done;
    model.close();
    expect(run.server.status.toolCalls.map(({ id, status }) => [id, status])).toEqual([
      ['call_0', ToolCallStatus.TOOL_CALL_COMPLETED],
      ['call_0-2', ToolCallStatus.TOOL_CALL_COMPLETED],
    ]);
  });

  it('lets nothing secret out: not in text, arguments, results, notices, errors or what it remembers', async () => {
    await start({
      secrets: ['the-key-of-the-runner'],
      script: {
        rules: [
          { times: 1, error: { status: 429, message: 'no more for hunter22', retry_after_s: 0 } },
          { when: { after_tool: false }, say: 'I use hun', call: { tool: 'write_file', args: { file_path: '/a.txt', content: 'password=hunter22' } } },
          { when: { after_tool: 'write_file' }, say: 'It is hunter22, and the-key-of-the-runner.', call: { tool: 'read_file', args: { file_path: '/a.txt' } } },
          { error: { status: 400, message: 'hunter22 is no good' } },
        ],
      },
    });
    world.peer.secrets = { runtimeEnv: { PASSWORD: 'hunter22', PLAIN: 'in the open' }, secretNames: ['PASSWORD'] };
    const run = world.start({ message: 'use hunter22 in the open', spec: { runtimeEnv: { PASSWORD: { value: '***', isSecret: true } } } });
    const status = await run.done;
    expect(status.error).toContain('*** is no good');
    expect(world.peer.claims).toMatchObject([{ executionId: run.id, attempt: 1, leaseId: 'lease-1' }]);
    const told = JSON.stringify([status, run.server.events, run.server.notices, run.server.projection.state], (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    expect(told).toContain('in the open');
    expect(told).not.toMatch(/hunter22|the-key-of-the-runner|hunter/);
    expect(spoken(run)).toEqual(['I use hun', 'It is ***, and ***.']);
    const [file = ''] = await readdir(join(world.workspace, '.threads'));
    const memory = await readFile(join(world.workspace, '.threads', file), 'utf8');
    expect(memory).toContain('in the open');
    expect(memory).not.toMatch(/hunter22|the-key-of-the-runner/);
    // The agent itself works with the true values.
    expect(await readFile(join(world.workspace, 'ses-1', 'a.txt'), 'utf8')).toBe('password=hunter22');
  });

  it('claims nothing when there is nothing to claim', async () => {
    await start({ script: { rules: [{ say: 'x' }] } });
    await world.start().done;
    expect(world.peer.claims).toEqual([]);
  });

  it('claims what its environments hold, too', async () => {
    await start({ script: { rules: [{ say: 'hunter22' }] } });
    world.peer.environmentRefs = ['production'];
    world.peer.secrets = { runtimeEnv: { PASSWORD: 'hunter22' }, secretNames: ['PASSWORD'] };
    const run = world.start({ message: 'is it hunter22?' });
    await run.done;
    expect(run.server.status.messages.map(({ content }) => content)).toEqual(['is it ***?', '***']);
  });

  it('claims with the new lease when the old one was lost meanwhile', async () => {
    await start({ script: { rules: [{ say: 'x' }] } });
    world.peer.claimant = 'lease-2';
    const run = world.start({ spec: { runtimeEnv: { A: { value: 'b' } } } });
    await until(() => world.peer.claims.length > 0);
    world.lease = 'lease-2';
    expect(await run.done).toMatchObject({ phase: Phase.COMPLETED });
    expect(world.peer.claims.map(({ leaseId }) => leaseId)).toEqual(['lease-1', 'lease-2']);
  });

  it.each([
    ['its session is not named', { sessionId: '' }, /spec\.session_id is empty/],
    ['the session could lead elsewhere', { sessionId: '../x' }, /session_id/],
  ])('fails with a sentence when %s', async (_what, options, sentence) => {
    await start({ script: { rules: [{ say: 'x' }] } });
    const run = world.start(options);
    expect(await run.done).toMatchObject({ phase: Phase.FAILED, error: expect.stringMatching(sentence) });
    expect(run.server.status).toMatchObject({ phase: Phase.FAILED, messages: [{ content: 'Hello' }] });
  });

  it('fails with a sentence when its agent is gone', async () => {
    await start({ script: { rules: [{ say: 'x' }] } });
    world.peer.agents.clear();
    expect((await world.start().done).error).toBe('Agent not found: agt-1');
  });

  it('remembers the session, over a restart too', async () => {
    await start({ script: { rules: [{ say: '{{user_turn}}: {{message}}' }] } });
    await world.start({ message: 'first' }).done;
    world.restart();
    const second = world.start({ message: 'second' });
    await second.done;
    expect(spoken(second)).toEqual(['2: second']);
    const other = world.start({ message: 'first', sessionId: 'ses-2' });
    await other.done;
    expect(spoken(other)).toEqual(['1: first']);
    expect(bodies()[1]).toContain('first');
  });

  it('goes on in its session after a run that was cancelled in the middle of a tool call', async () => {
    await start({
      script: {
        rules: [
          { when: { message: 'look', after_tool: false }, call: [{ tool: 'ls', args: { path: '/' } }] },
          { when: { message: 'look' }, say: 'x', hang: true },
          { say: 'Here I am.' },
        ],
      },
    });
    const first = world.start({ message: 'look' });
    await until(() => world.model.requests.length === 2);
    first.abort(runCancelled(''));
    expect(await first.done).toMatchObject({ phase: Phase.CANCELLED, error: 'The run was cancelled.' });
    const second = world.start({ message: 'and now?' });
    await second.done;
    expect(spoken(second)).toEqual(['Here I am.']);
  });

  it('lets runs of one session take turns, and says so', async () => {
    await start({ script: { rules: [{ when: { message: 'first' }, say: 'one two', hang: 3 }, { say: 'second' }] } });
    const first = world.start({ message: 'first' });
    await until(() => spoken(first).length > 0);
    const second = world.start({ message: 'second' });
    await until(() => second.server.notices.length > 0);
    expect(second.server.notices[0]).toMatchObject({ code: 'SESSION_BUSY', text: 'Another run of the session ses-1 is at work; this one is next.' });
    expect(world.model.requests).toHaveLength(1);
    const third = world.start({ message: 'third' });
    await until(() => third.server.notices.length > 0);
    third.abort(runCancelled('changed my mind'));
    expect(await third.done).toMatchObject({ phase: Phase.CANCELLED });
    first.abort(runCancelled(''));
    await second.done;
    expect(spoken(second)).toEqual(['second']);
    expect(second.server.notices.at(-1)).toMatchObject({ code: 'SESSION_BUSY', cleared: true });
  });

  it('ends when the server wants no more of it', async () => {
    await start({ script: { rules: [{ say: 'one two three', hang: 3 }] } });
    const run = world.start();
    const request = await world.model.nextRequest();
    await until(() => spoken(run).length > 0);
    world.peer.stopReport(run.id, 'the execution has ended');
    expect(await run.done).toMatchObject({ phase: Phase.CANCELLED, error: 'the execution has ended' });
    expect(await request.ended).toBe('aborted');
  });

  it('does not begin when the server does not know it', async () => {
    await start({ script: { rules: [{ say: 'x' }] } });
    world.peer.manners.refuseReport = notFound('AgentExecution', 'aex');
    expect(await world.start().done).toMatchObject({ phase: Phase.CANCELLED });
    expect(world.model.requests).toEqual([]);
  });

  it('fails when what it says is too much for the server', async () => {
    await start({ script: { rules: [{ say: 'x', hang: true }] } });
    const run = world.start({ message: 'x'.repeat(4_000_000) });
    expect(await run.done).toMatchObject({ phase: Phase.FAILED, error: expect.stringMatching(/^state of the execution has \d+ bytes, the limit is \d+ bytes$/) });
  });

  it('loses nothing while the server is away', async () => {
    await start({ script: { token_ms: 10, rules: [{ say: 'one two three four five six seven eight nine ten eleven twelve' }] } });
    const run = world.start();
    await until(() => spoken(run).length > 0);
    world.peer.down();
    await new Promise((resolve) => setTimeout(resolve, 60));
    await world.peer.up();
    await run.done;
    expect(spoken(run)).toEqual(['one two three four five six seven eight nine ten eleven twelve']);
  });

  it('is not over when its runner stops: what was said is kept, and another attempt goes on', async () => {
    await start({ script: { rules: [{ times: 1, say: 'one two three', hang: 3 }, { say: 'the rest' }] } });
    const run = world.start();
    await until(() => spoken(run).length > 0);
    run.abort(runnerStopping('agent-runner-1'));
    await expect(run.done).rejects.toThrow('The agent-runner agent-runner-1 was stopped while it was at work on the run.');
    expect(run.server.status.phase).toBe(Phase.IN_PROGRESS);
    const again = world.start({ id: run.id, attempt: 2 });
    await again.done;
    expect(run.server.status).toMatchObject({ phase: Phase.COMPLETED });
    expect(run.server.status.messages.filter(({ type }) => type === MessageType.MESSAGE_HUMAN)).toHaveLength(1);
    // The second attempt does not say the user's message twice.
    expect(bodies().at(-1)?.match(/"Hello"/g)).toHaveLength(1);
  });
});

describe('an agent', () => {
  const hash = 'a'.repeat(64);
  const skill = (over: object = {}) =>
    create(SkillSchema, { metadata: { name: 'Changelog' }, spec: { skillMd: 'Sort by date.' }, status: { versionHash: hash, artifactStorageKey: `skills/${hash}.zip` }, ...over });
  const agent = (spec: object) =>
    world.peer.agents.set('agt-1', create(AgentSchema, { metadata: { id: 'agt-1' }, spec: { instructions: 'You are a test agent.', ...spec } }));

  it('has the text of its skills in its prompt, and their files where the prompt says', async () => {
    await start({
      script: {
        rules: [
          { when: { after_tool: false }, call: { tool: 'read_file', args: { file_path: `/bin/skills/${hash}/reference.md` } } },
          { when: { after_tool: 'read_file' }, call: { tool: 'write_file', args: { file_path: `/bin/skills/${hash}/reference.md`, content: 'x' } } },
          { say: '{{tool_result}}' },
        ],
      },
    });
    agent({ skillRefs: [{ slug: 'changelog', kind: 43 }] });
    world.peer.skills.set('changelog', { skill: skill(), artifact: zip([{ name: 'SKILL.md', content: 'Sort by date.' }, { name: 'reference.md', content: 'the reference' }]) });
    const run = world.start();
    await run.done;
    expect(bodies()[0]).toContain(`## Skill: Changelog\\n\\nLOCATION: /bin/skills/${hash}/\\n\\nSort by date.`);
    expect(run.server.status.toolCalls).toMatchObject([{ result: expect.stringContaining('the reference') }, { status: ToolCallStatus.TOOL_CALL_FAILED, error: expect.stringContaining('cannot be changed') }]);
  });

  it('may run commands only where that is allowed, with the variables of the run and the files of its skills', async () => {
    const script = {
      rules: [
        { when: { after_tool: false }, call: { tool: 'execute', args: { command: `cat bin/skills/${hash}/reference.md; echo "$PASSWORD" | tr a-z A-Z; pwd` } } },
        { say: '{{tool_result}}' },
      ],
    };
    await start({ script });
    const without = world.start();
    await without.done;
    expect(without.server.status.toolCalls).toMatchObject([{ name: 'execute', status: ToolCallStatus.TOOL_CALL_FAILED, error: expect.stringContaining('Execution not available') }]);
    expect(bodies()[0]).not.toContain('Commands run');
    await world.close();

    await start({ script, hostTools: true });
    agent({ skillRefs: [{ slug: 'changelog', kind: 43 }] });
    world.peer.skills.set('changelog', { skill: skill(), artifact: zip([{ name: 'SKILL.md', content: 'x' }, { name: 'reference.md', content: 'the reference\n' }]) });
    world.peer.secrets = { runtimeEnv: { PASSWORD: 'hunter22' }, secretNames: ['PASSWORD'] };
    const run = world.start({ spec: { runtimeEnv: { PASSWORD: { value: '***', isSecret: true } } } });
    await run.done;
    expect(run.server.status.toolCalls).toMatchObject([{ status: ToolCallStatus.TOOL_CALL_COMPLETED, result: expect.stringMatching(/^the reference\nHUNTER22\n.*ses-1\n/) }]);
    expect(run.server.status.toolCalls[0]?.componentMetadata?.componentType).toBe('terminal');
    // A second run of the session finds its skills as well.
    await world.start({ spec: { runtimeEnv: {} } }).done;
  });

  it('ends its commands when it is cancelled', async () => {
    await start({ hostTools: true, script: { rules: [{ when: { after_tool: false }, call: { tool: 'execute', args: { command: 'echo $$ > pid; sleep 60' } } }, { say: 'x' }] } });
    const run = world.start();
    let pid = 0;
    await until(async () => (pid = Number(await readFile(join(world.workspace, 'ses-1', 'pid'), 'utf8').catch(() => '0'))) > 0);
    run.abort(runCancelled(''));
    expect(await run.done).toMatchObject({ phase: Phase.CANCELLED });
    await until(() => {
      try {
        return !process.kill(pid, 0);
      } catch {
        return true;
      }
    });
  });

  it('says which skill is missing', async () => {
    await start({ script: { rules: [{ say: 'x' }] } });
    agent({ skillRefs: [{ slug: 'changelog', kind: 43, version: 'stable' }] });
    expect((await world.start().done).error).toBe("The agent's skill changelog@stable does not exist: Skill not found: changelog");
  });

  it('hands tasks to its sub-agents, which have their own prompt, skills and tool calls', async () => {
    await start({
      script: {
        rules: [
          { when: { system: 'You review', after_tool: false }, say: 'I look.', call: { tool: 'ls', args: { path: '/' } } },
          { when: { system: 'You review' }, say: 'It is fine.' },
          { when: { after_tool: false }, say: 'I ask.', call: { tool: 'task', args: { subagent_type: 'reviewer', description: 'Review it.' } } },
          { say: 'The reviewer says: {{tool_result}}' },
        ],
      },
    });
    agent({ subAgents: [{ name: 'reviewer', description: 'Reviews code.', instructions: 'You review code.', skillRefs: [{ slug: 'changelog', kind: 43 }] }] });
    world.peer.skills.set('changelog', { skill: skill({ status: {} }) });
    const run = world.start();
    await run.done;
    expect(spoken(run)).toEqual(['I ask.', 'The reviewer says: It is fine.']);
    expect(run.server.status.subAgentExecutions).toMatchObject([{ name: 'reviewer', input: 'Review it.', output: 'It is fine.', status: SubAgentStatus.SUB_AGENT_COMPLETED }]);
    expect(run.server.status.toolCalls.map(({ name, componentMetadata }) => [name, componentMetadata?.componentGroup])).toEqual([
      ['task', 'main-agent-tools'],
      ['ls', 'sub-agent-tools'],
    ]);
    const [first = '', second = ''] = bodies();
    expect(first).toContain('Reviews code.');
    expect(first).not.toContain('Sort by date.');
    expect(second).toMatch(/You review code\..+Sort by date\./);
    expect(run.server.projection.state.usage?.modelCalls).toBe(4);
  });

  it('goes on when a sub-agent fails', async () => {
    await start({
      script: {
        rules: [
          { when: { system: 'You review' }, error: { status: 400, message: 'not today' } },
          { when: { after_tool: false }, call: { tool: 'task', args: { subagent_type: 'reviewer', description: 'Review it.' } } },
          { say: 'Never mind.' },
        ],
      },
    });
    agent({ subAgents: [{ name: 'reviewer', description: '', instructions: 'You review code.' }] });
    const run = world.start();
    await run.done;
    expect(spoken(run)).toEqual(['Never mind.']);
    expect(run.server.status.subAgentExecutions).toMatchObject([{ status: SubAgentStatus.SUB_AGENT_FAILED, error: expect.stringContaining('not today') }]);
  });
});

describe('a run that is too much', () => {
  const endless = { rules: [{ when: { turn: 1 }, call: { tool: 'ls', args: { path: '/' } } }, { when: { after_tool: true }, call: { tool: 'ls', args: { path: '/', n: '{{turn}}' } } }] };

  it.each([
    ['max-steps', '3', 'The run has made 3 calls to the model, and max-steps is 3; it was stopped.'],
    ['max-tokens', '1000', /^The run has used \d{4} tokens, and max-tokens is 1000; it was stopped\.$/],
  ])('ends by %s, with the reason', async (name, value, reason) => {
    await start({ script: endless });
    const run = world.start({ annotations: { [`stigmer.ai/${name}`]: value } });
    await run.done;
    expect(run.server.status).toMatchObject({ phase: Phase.FAILED, error: expect.stringMatching(reason) });
    expect(run.server.status.toolCalls.every(({ status }) => status === ToolCallStatus.TOOL_CALL_COMPLETED)).toBe(true);
  });

  it('ends when it has cost too much, if anybody knows what it costs', async () => {
    await start({ script: endless });
    const annotations = { 'stigmer.ai/max-cost-usd': '0.01' };
    expect((await world.start({ annotations, sessionId: 'ses-a' }).done).error).toMatch(/what the model costs is not known: set STIGMER_LLM_PRICE_INPUT and STIGMER_LLM_PRICE_OUTPUT/);
    world.settings = { ...world.settings, price: { input: 10, output: 20 } };
    const run = world.start({ annotations, sessionId: 'ses-b' });
    expect((await run.done).error).toMatch(/^The run has cost 0\.01\d+ US dollars, and max-cost-usd is 0\.01; it was stopped\.$/);
    expect(run.server.projection.state.usage?.costMicros).toBeGreaterThan(10_000n);
  });

  it('ends when the same call is made again and again, in a sub-agent too', async () => {
    await start({
      script: {
        rules: [
          { when: { message: 'delegate', system: 'You are a test agent', turn: 1, after_tool: false }, call: { tool: 'task', args: { subagent_type: 'general-purpose', description: 'loop' } } },
          { when: { turn: 1 }, call: { tool: 'ls', args: { path: '/' } } },
          { when: { after_tool: true }, call: { tool: 'ls', args: { path: '/' } } },
        ],
      },
    });
    const run = world.start();
    expect((await run.done).error).toBe('The agent has called ls 10 times in a row with the same arguments; it was stopped (max-repeated-calls).');
    expect(run.server.status.toolCalls).toHaveLength(11);
    const delegated = world.start({ message: 'delegate', sessionId: 'ses-2', annotations: { 'stigmer.ai/max-repeated-calls': '3' } });
    expect((await delegated.done).error).toBe('The agent has called ls 3 times in a row with the same arguments; it was stopped (max-repeated-calls).');
    expect(delegated.server.status.subAgentExecutions).toMatchObject([{ status: SubAgentStatus.SUB_AGENT_FAILED }]);
  });

  it('takes the limits of its agent where it has none of its own', async () => {
    await start({ script: endless });
    world.peer.agents.set('agt-1', create(AgentSchema, { metadata: { id: 'agt-1', annotations: { 'stigmer.ai/max-steps': '2' } }, spec: { instructions: 'You are a test agent.' } }));
    expect((await world.start().done).error).toContain('max-steps is 2');
    expect((await world.start({ sessionId: 'ses-2', annotations: { 'stigmer.ai/max-steps': '4' } }).done).error).toContain('max-steps is 4');
  });
});

describe('a run for the original server', () => {
  it('reports by updateStatus alone, with the secrets that the execution itself holds masked', async () => {
    await start({ ours: false, script: { rules: [{ when: { after_tool: false }, say: 'Looking.', call: { tool: 'ls', args: { path: '/' } } }, { say: 'The password is hunter22.' }] } });
    const run = world.start({ spec: { runtimeEnv: { PASSWORD: { value: 'hunter22', isSecret: true } } } });
    const status = await run.done;
    expect(run.server.status).toMatchObject({ phase: Phase.COMPLETED });
    expect(spoken(run)).toEqual(['Looking.', 'The password is ***.']);
    expect(world.peer.updates[0]?.status?.phase).toBe(Phase.IN_PROGRESS);
    // That server would put these in the place of all messages.
    expect(status.messages).toEqual([]);
    expect(world.peer.calls.map(({ authorization }) => authorization).every((token) => token === 'Bearer runner-token')).toBe(true);
    expect([...new Set(world.peer.calls.map(({ method }) => method))].sort()).toEqual([
      'AgentExecutionCommandController/updateStatus',
      'AgentInstanceQueryController/get',
      'AgentQueryController/get',
      'SessionQueryController/get',
    ]);
  });

  it('lays the variables over each other: of the agent, of its environments, of the run', async () => {
    await start({ ours: false, script: { rules: [{ say: 'aaaa bbbb cccc dddd' }] } });
    const value = (text: string) => ({ value: text, isSecret: true });
    const agent = { metadata: { id: 'agt-1' }, spec: { instructions: 'You are a test agent.', envSpec: { data: { A: value('aaaa'), B: value('xxxx'), EMPTY: value('') } } } };
    world.peer.agents.set('agt-1', create(AgentSchema, agent as never));
    world.peer.environments.set('first', create(EnvironmentSchema, { spec: { data: { B: value('bbbb'), C: value('yyyy') } } }));
    world.peer.environments.set('second', create(EnvironmentSchema, { spec: { data: { C: value('cccc') } } }));
    world.peer.environmentRefs = ['first', 'second'];
    const run = world.start({ spec: { runtimeEnv: { D: { value: 'dddd' } } } });
    await run.done;
    expect(spoken(run)).toEqual(['*** *** *** dddd']);
    expect(world.peer.claims).toEqual([]);
  });

  it('fails there too with a sentence', async () => {
    await start({ ours: false, provider: 'ollama', script: { rules: [{ error: { status: 404, message: 'no such model' } }] } });
    const run = world.start();
    expect(await run.done).toMatchObject({ phase: Phase.FAILED, error: expect.stringContaining('ollama pull some-model') });
    expect(run.server.status).toMatchObject({ phase: Phase.FAILED, error: expect.stringContaining('ollama pull some-model') });
  });
});
