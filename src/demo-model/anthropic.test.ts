import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startModelServer } from './server.js';
import type { ModelServer } from './server.js';

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer({
    script: {
      rules: [
        {
          when: { message: 'tool', after_tool: false },
          say: 'Looking.',
          call: { tool: 'ls', args: { path: '/' } },
          usage: { input: 3, output: 4 },
        },
        { when: { after_tool: 'ls' }, say: 'There is {{tool_result}}; {{message}}' },
        { when: { message: 'long' }, say: 'cut off', finish: 'length' },
        { say: 'Hello {{system}}', usage: { input: 5, output: 6 } },
      ],
    },
  });
});
afterAll(() => server.close());

const post = (body: unknown) => fetch(`${server.url}/v1/messages`, { method: 'POST', body: JSON.stringify(body) });
const ask = (content: unknown, more: object = {}) =>
  post({ model: 'x', max_tokens: 9, messages: [{ role: 'user', content }], ...more });

/** The events of a stream; that each is named by its type is checked on the way. */
async function events(response: Response): Promise<unknown[]> {
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const blocks = (await response.text()).split('\n\n');
  expect(blocks.pop()).toBe('');
  return blocks.map((block) => {
    const [, type, data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
    const parsed = JSON.parse(data) as { type: string };
    expect(parsed.type).toBe(type);
    return parsed;
  });
}

describe('a stream', () => {
  it('opens the message and each block, and closes them all', async () => {
    const got = await events(await ask('tool', { stream: true }));
    expect(got).toMatchObject([
      { type: 'message_start', message: { type: 'message', role: 'assistant', model: 'x', content: [], stop_reason: null, usage: { input_tokens: 3 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Looking.' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', name: 'ls', input: {} } },
      { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"path":"/"}' } },
      { type: 'content_block_stop', index: 1 },
      { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 4 } },
      { type: 'message_stop' },
    ]);
  });
});

describe('an answer in one piece', () => {
  it('has its blocks, its reason and its usage', async () => {
    const system = [{ type: 'text', text: 'you', cache_control: { type: 'ephemeral' } }];
    expect(await (await ask('hi', { system })).json()).toMatchObject({
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text: 'Hello you' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 5, output_tokens: 6 },
    });
    expect(await (await ask('tool')).json()).toMatchObject({
      content: [{ type: 'text' }, { type: 'tool_use', name: 'ls', input: { path: '/' } }],
      stop_reason: 'tool_use',
    });
    expect(await (await ask('long')).json()).toMatchObject({ stop_reason: 'max_tokens' });
  });
});

describe('a conversation', () => {
  const use = { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'ls', input: {} }] };
  const answered = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: [{ type: 'text', text: 'a.txt' }] }] };
  const question = { role: 'user', content: 'tool' };

  it('that ends with a tool result still asks what the user asked before', async () => {
    const answer = await (await post({ model: 'x', max_tokens: 9, messages: [question, use, answered] })).json();
    expect(answer).toMatchObject({ content: [{ text: 'There is a.txt; tool' }] });
  });

  it('that leaves a tool call open gets 400', async () => {
    const response = await post({ model: 'x', max_tokens: 9, messages: [question, use, question] });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.stringContaining('t1 (ls) has no tool_result') },
    });
  });

  it('without max_tokens gets 400', async () => {
    const response = await post({ model: 'x', messages: [question] });
    expect(await response.json()).toMatchObject({ error: { message: expect.stringMatching(/^max_tokens: /) } });
  });
});
