import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startModelServer } from './server.js';
import type { ModelServer } from './server.js';

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer({
    script: {
      models: ['demo:latest'],
      rules: [
        {
          when: { message: 'tool', after_tool: false },
          say: 'Looking.',
          call: [{ tool: 'ls', args: { path: '/' } }, { tool: 'cat' }],
        },
        { when: { after_tool: true }, say: '{{tool}}: {{tool_result}}' },
        { say: 'Hello {{message}}', usage: { input: 5, output: 6 } },
      ],
    },
    clock: { now: () => 0, setTimer: () => () => undefined },
  });
});
afterAll(() => server.close());

const post = (path: string, body: unknown) => fetch(`${server.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
const ask = (content: string, more: object = {}) =>
  post('/api/chat', { model: 'x', messages: [{ role: 'user', content }], ...more });

async function lines(response: Response): Promise<unknown[]> {
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  const texts = (await response.text()).split('\n');
  expect(texts.pop()).toBe('');
  return texts.map((text) => JSON.parse(text));
}

describe('a stream', () => {
  it('is what one gets without asking, and ends with done and the counts', async () => {
    const envelope = { model: 'x', created_at: '1970-01-01T00:00:00.000Z' };
    expect(await lines(await ask('you'))).toMatchObject([
      { ...envelope, message: { role: 'assistant', content: 'Hello' }, done: false },
      { ...envelope, message: { role: 'assistant', content: ' you' }, done: false },
      { ...envelope, message: { content: '' }, done: true, done_reason: 'stop', prompt_eval_count: 5, eval_count: 6 },
    ]);
  });

  it('gives each tool call whole', async () => {
    expect(await lines(await ask('tool'))).toMatchObject([
      { message: { content: 'Looking.' } },
      { message: { content: '', tool_calls: [{ function: { name: 'ls', arguments: { path: '/' } } }] }, done: false },
      { message: { content: '', tool_calls: [{ function: { name: 'cat', arguments: {} } }] }, done: false },
      { done: true },
    ]);
  });
});

it('answers in one piece when asked to', async () => {
  expect(await (await ask('tool', { stream: false })).json()).toMatchObject({
    message: { role: 'assistant', content: 'Looking.', tool_calls: [{ function: { name: 'ls' } }, { function: { name: 'cat' } }] },
    done: true,
  });
});

it('tells by the order which tool a result without a name is of', async () => {
  const calls = ['ls', 'cat'].map((name) => ({ function: { name, arguments: {} } }));
  const messages = [
    { role: 'user', content: 'tool' },
    { role: 'assistant', content: '', tool_calls: calls },
    { role: 'tool', content: 'one' },
    { role: 'tool', content: 'two' },
  ];
  const answer = await (await post('/api/chat', { model: 'x', messages, stream: false })).json();
  expect(answer).toMatchObject({ message: { content: 'ls, cat: one\ntwo' } });
});

it('refuses a bad request in its own form', async () => {
  const response = await post('/api/chat', { model: 'x', messages: [{ role: 'wizard' }] });
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ error: expect.stringMatching(/^messages\.0\.role: /) });
});

describe('look-ups', () => {
  it('tell the version and the models', async () => {
    expect(await (await fetch(`${server.url}/api/version`)).json()).toEqual({ version: expect.any(String) });
    expect(await (await fetch(`${server.url}/api/tags`)).json()).toMatchObject({ models: [{ name: 'demo:latest', model: 'demo:latest' }] });
  });

  it('show a model that is listed, and no other', async () => {
    expect(await (await post('/api/show', { model: 'demo:latest' })).json()).toMatchObject({ capabilities: ['completion', 'tools'] });
    const missing = await post('/api/show', { model: 'other' });
    expect(missing.status).toBe(404);
    expect(await missing.json()).toEqual({ error: "model 'other' not found" });
    expect((await post('/api/show', {})).status).toBe(400);
  });
});
