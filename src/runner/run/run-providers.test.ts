import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../test/support/rpc.js';
import { type RunnerWorld, spoken, startRunnerWorld, type WorldOptions } from '../../../test/support/runner-world.js';
import { MessageType, ToolCallStatus } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { Phase } from '../../contract/phases.js';
import type { Provider } from '../model/model-settings.js';
import { runCancelled } from './run-stop.js';

const providers: Provider[] = ['openai', 'anthropic', 'ollama'];

let world: RunnerWorld;
afterEach(() => world.close());

async function start(options: WorldOptions): Promise<void> {
  world = await startRunnerWorld(options);
}

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
    expect(world.bodies()[0]).toContain('You are a test agent.');
    expect(world.bodies()[0]).toContain('organization acme');
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
