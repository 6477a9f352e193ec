import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startModelServer } from './server.js';
import type { ModelServer } from './server.js';

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer({
    script: {
      models: ['demo-a', 'demo-b'],
      rules: [
        { when: { message: 'tool', after_tool: false }, call: { tool: 'ls', args: { path: '/' } }, usage: { input: 3, output: 4 } },
        { when: { message: 'long' }, say: 'cut off', finish: 'length' },
        { say: 'Hello there, {{system}}.', usage: { input: 5, output: 6 } },
      ],
    },
    clock: { now: () => 1_700_000_000_999, setTimer: () => () => undefined },
  });
});
afterAll(() => server.close());

const post = (body: unknown) =>
  fetch(`${server.url}/v1/chat/completions`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });

const ask = (content: string, more: object = {}) => post({ model: 'x', messages: [{ role: 'user', content }], ...more });

async function events(response: Response): Promise<unknown[]> {
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const blocks = (await response.text()).split('\n\n');
  expect(blocks.pop()).toBe('');
  expect(blocks.pop()).toBe('data: [DONE]');
  return blocks.map((block) => JSON.parse(block.replace(/^data: /, '')));
}

describe('a stream', () => {
  it('opens with the role, ends with the reason and [DONE], one id throughout', async () => {
    const system = { role: 'system', content: [{ type: 'text', text: 'you' }] };
    const messages = [system, { role: 'user', content: 'hi' }];
    const chunks = await events(await post({ model: 'x', messages, stream: true }));
    const envelope = { id: 'chatcmpl-demo-1', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'x' };
    const choice = (delta: object, finish_reason: string | null = null) => ({
      ...envelope,
      choices: [{ index: 0, delta, finish_reason }],
    });
    expect(chunks).toEqual([
      choice({ role: 'assistant', content: '' }),
      choice({ content: 'Hello' }),
      choice({ content: ' there,' }),
      choice({ content: ' you.' }),
      choice({}, 'stop'),
    ]);
  });

  it('gives the usage in a chunk without choices when asked for, and only then', async () => {
    const chunks = await events(await ask('hi', { stream: true, stream_options: { include_usage: true } }));
    const usage = { prompt_tokens: 5, completion_tokens: 6, total_tokens: 11 };
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage });
    expect(chunks.at(0)).toMatchObject({ usage: null });
    expect(JSON.stringify(await events(await ask('hi', { stream: true })))).not.toContain('usage');
  });

  it('names a tool call once, then streams its arguments', async () => {
    const chunks = (await events(await ask('tool', { stream: true }))) as { choices: [{ delta: { tool_calls?: [object] } }] }[];
    const deltas = chunks.flatMap(({ choices: [{ delta }] }) => delta.tool_calls ?? []);
    const opening = { index: 0, id: 'call_demo_1', type: 'function', function: { name: 'ls', arguments: '' } };
    expect(deltas).toEqual([opening, { index: 0, function: { arguments: '{"path":"/"}' } }]);
    expect(chunks.at(-1)).toMatchObject({ choices: [{ finish_reason: 'tool_calls' }] });
  });
});

describe('an answer in one piece', () => {
  it('has message, reason and usage', async () => {
    expect(await (await ask('hi')).json()).toMatchObject({
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello there, .' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 5, completion_tokens: 6, total_tokens: 11 },
    });
  });

  it('has no content beside a tool call, and says when it was cut short', async () => {
    const called = (await (await ask('tool')).json()) as { choices: [{ message: unknown }] };
    expect(called.choices[0].message).toMatchObject({
      content: null,
      tool_calls: [{ type: 'function', function: { name: 'ls', arguments: '{"path":"/"}' } }],
    });
    expect(await (await ask('long')).json()).toMatchObject({ choices: [{ finish_reason: 'length' }] });
  });
});

describe('a bad request', () => {
  const call = { id: 'c1', type: 'function', function: { name: 'ls', arguments: '{}' } };
  const turn = { role: 'assistant', content: null, tool_calls: [call] };
  const user = { role: 'user', content: 'x' };

  it.each<[string, unknown, RegExp]>([
    ['no JSON', '{"model": ', /expected object/],
    ['no model', { messages: [user] }, /model: /],
    ['an unknown role', { model: 'x', messages: [{ role: 'wizard', content: 'x' }] }, /messages\.0\.role: /],
    ['a tool call left open', { model: 'x', messages: [user, turn, user] }, /c1 \(ls\) has no message/],
    ['a result without a call', { model: 'x', messages: [{ role: 'tool', content: '', tool_call_id: 'c9' }] }, /c9 answers no call/],
  ])('with %s gets 400 and the reason', async (_what, body, message) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', message: expect.stringMatching(message) } });
  });
});

it('lists its models', async () => {
  const list = await (await fetch(`${server.url}/v1/models`)).json();
  expect(list).toMatchObject({ object: 'list', data: [{ id: 'demo-a', object: 'model' }, { id: 'demo-b' }] });
});
