import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startFramesServer, openAiFrame, openAiCallFrame, closedPort } from '../../../test/support/openai-frames.js';
import { until } from '../../../test/support/rpc.js';
import { type RunnerWorld, spoken, startRunnerWorld, type WorldOptions } from '../../../test/support/runner-world.js';
import { notFound } from '../../contract/errors.js';
import { MessageType, ToolCallStatus } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { Phase } from '../../contract/phases.js';
import { fileThreadStore } from '../memory/thread-store.js';
import { runCancelled, runnerStopping } from './run-stop.js';

let world: RunnerWorld;
afterEach(() => world.close());

async function start(options: WorldOptions): Promise<void> {
  world = await startRunnerWorld(options);
}

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
    const model = await startFramesServer([openAiCallFrame('write_file', '{"file_path": "/a.txt", "content": "half', 'length'), openAiFrame({ content: 'Oh.' }, 'stop')]);
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
    const call = openAiCallFrame('ls', '{}', 'tool_calls');
    const model = await startFramesServer([call, call, openAiFrame({ content: 'Done.' }, 'stop')]);
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
    expect(world.bodies()[1]).toContain('first');
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
    // The second attempt goes on in the thread, and does not say the user's message twice.
    expect(world.bodies().at(-1)?.match(/"Hello"/g)).toHaveLength(1);
  });

  it('does not repeat what an earlier attempt has completed', async () => {
    const command = (text: string) => ({ tool: 'execute', args: { command: text } });
    await start({
      hostTools: true,
      script: {
        rules: [
          { when: { after_tool: false }, say: 'Both.', call: [command('echo one >> log'), command('echo two >> log; test -f again || { touch again; sleep 60; }')] },
          { say: 'Done: {{tool_result.line}}' },
        ],
      },
    });
    const log = async () => (await readFile(join(world.workspace, 'ses-1', 'log'), 'utf8')).trim().split('\n').sort();
    const remembered = async () => (await fileThreadStore(join(world.workspace, '.threads')).load('thread-ses-1')) ?? '';
    const run = world.start();
    // The second command is in its sleep, and the result of the first is on disk.
    await until(() => stat(join(world.workspace, 'ses-1', 'again')).then(() => true, () => false));
    await until(async () => (await remembered()).includes('Command succeeded'));
    run.abort(runnerStopping('agent-runner-1'));
    await expect(run.done).rejects.toThrow(/was stopped/);
    world.restart();
    const again = world.start({ id: run.id, attempt: 2 });
    await again.done;
    expect(await log()).toEqual(['one', 'two', 'two']);
    expect(spoken(again)).toEqual(['Both.', expect.stringMatching(/^Done:/)]);
    expect(world.model.requests).toHaveLength(2);
    expect(again.server.status).toMatchObject({ phase: Phase.COMPLETED });
  });
});
