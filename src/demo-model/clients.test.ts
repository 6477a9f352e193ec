import { ChatAnthropic } from '@langchain/anthropic';
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages';
import type { AIMessageChunk, BaseMessage } from '@langchain/core/messages';
import { ChatOllama } from '@langchain/ollama';
import { ChatOpenAI } from '@langchain/openai';
import { afterEach, describe, expect, it } from 'vitest';
import type { ScriptInput } from './script.js';
import { startModelServer } from './server.js';
import type { ModelServer } from './server.js';

interface Client {
  name: string;
  path: string;
  model: (url: string) => BaseChatModel;
}

const clients: Client[] = [
  {
    name: 'ChatOpenAI',
    path: '/v1/chat/completions',
    model: (url) =>
      new ChatOpenAI({ model: 'some-model', apiKey: 'k', maxRetries: 0, configuration: { baseURL: `${url}/v1` } }),
  },
  {
    name: 'ChatAnthropic',
    path: '/v1/messages',
    model: (url) => new ChatAnthropic({ model: 'some-model', apiKey: 'k', maxRetries: 0, anthropicApiUrl: url }),
  },
  {
    name: 'ChatOllama',
    path: '/api/chat',
    model: (url) => new ChatOllama({ model: 'some-model', baseUrl: url, maxRetries: 0 }),
  },
];

const tools = ['read', 'list'].map((name) => ({
  name,
  description: name,
  schema: { type: 'object', properties: { path: { type: 'string' } } },
}));

/** Each client has its own words. */
const lostConnection = /terminated|closed|socket|connection|JSON|stream/i;

let server: ModelServer | undefined;
afterEach(() => server?.close());

async function connect(client: Client, script: ScriptInput): Promise<{ server: ModelServer; model: BaseChatModel }> {
  server = await startModelServer({ script });
  return { server, model: client.model(server.url) };
}

async function streamed(model: BaseChatModel, messages: BaseMessage[]): Promise<{ texts: string[]; whole: AIMessageChunk }> {
  const texts: string[] = [];
  let whole: AIMessageChunk | undefined;
  for await (const chunk of await model.stream(messages)) {
    if (chunk.text !== '') texts.push(chunk.text);
    whole = whole === undefined ? chunk : whole.concat(chunk);
  }
  if (whole === undefined) throw new Error('the stream was empty');
  return { texts, whole };
}

const withTools = (model: BaseChatModel): BaseChatModel => {
  if (!model.bindTools) throw new Error('the client takes no tools');
  return model.bindTools(tools) as unknown as BaseChatModel;
};

const twoCalls: ScriptInput = {
  rules: [
    {
      when: { after_tool: false, offers: 'list' },
      say: 'Let me look.',
      call: [
        { tool: 'read', args: { path: '/a/rather/long/path/to/a file named 🦉 "owl".txt' } },
        { tool: 'list', args: { path: '/', depth: 2, hidden: null } },
      ],
    },
    { when: { after_tool: 'list' }, say: 'Results of {{tool}}: {{tool_result}}' },
  ],
};

describe.each(clients)('$name', (client) => {
  it('streams text piece by piece, with the usage', async () => {
    const script = { rules: [{ say: 'The quick brown fox says {{message}}.', usage: { input: 12, output: 34 } }] };
    const { model } = await connect(client, script);
    const { texts, whole } = await streamed(model, [new SystemMessage('be kind'), new HumanMessage('héllo 🦊')]);
    expect(texts).toEqual(['The', ' quick', ' brown', ' fox', ' says', ' héllo', ' 🦊.']);
    expect(whole.usage_metadata).toMatchObject({ input_tokens: 12, output_tokens: 34, total_tokens: 46 });
  });

  it('gets the same answer in one piece', async () => {
    const { model } = await connect(client, { rules: [{ say: 'You said {{message}}.', usage: { input: 12, output: 34 } }] });
    const answer = await model.invoke([new HumanMessage('héllo 🦊')]);
    expect(answer.text).toBe('You said héllo 🦊.');
    expect(answer.usage_metadata).toMatchObject({ input_tokens: 12, output_tokens: 34, total_tokens: 46 });
  });

  it('streams several tool calls in one turn', async () => {
    const { model } = await connect(client, twoCalls);
    const { texts, whole } = await streamed(withTools(model), [new HumanMessage('look around')]);
    expect(texts.join('')).toBe('Let me look.');
    expect(whole.tool_calls).toMatchObject([
      { name: 'read', args: { path: '/a/rather/long/path/to/a file named 🦉 "owl".txt' } },
      { name: 'list', args: { path: '/', depth: 2, hidden: null } },
    ]);
  });

  it('gets several tool calls in one piece, answers them, and is told the results', async () => {
    const { model } = await connect(client, twoCalls);
    const bound = withTools(model);
    const question = new HumanMessage('look around');
    const first = await bound.invoke([question]);
    expect(first.tool_calls?.map(({ name }) => name)).toEqual(['read', 'list']);
    const results = (first.tool_calls ?? []).map(
      (call) => new ToolMessage({ tool_call_id: call.id ?? '', name: call.name, content: `${call.name} ok` }),
    );
    const second = await bound.invoke([question, first, ...results]);
    expect(second.text).toBe('Results of read, list: read ok\nlist ok');
  });

  it('reads chunks that end inside characters and frames', async () => {
    const say = 'Ünïcödé 👩‍👩‍👧 日本語 🏳️‍🌈 — and an owl 🦉.';
    const { model } = await connect(client, { rules: [{ say, odd_chunks: true }] });
    const { whole } = await streamed(model, [new HumanMessage('hi')]);
    expect(whole.text).toBe(say);
  });

  it('sends images, which are counted', async () => {
    const { model } = await connect(client, { rules: [{ say: '{{images}} image with "{{message}}"' }] });
    const url = `data:image/png;base64,${Buffer.from('not really').toString('base64')}`;
    const content = [
      { type: 'image_url', image_url: { url } },
      { type: 'text', text: 'what is this?' },
    ];
    const answer = await model.invoke([new HumanMessage({ content })]);
    expect(answer.text).toBe('1 image with "what is this?"');
  });

  it('keeps what was said in earlier turns apart', async () => {
    const script: ScriptInput = { rules: [{ when: { user_turn: 2 }, say: 'second' }, { say: 'first' }] };
    const { model } = await connect(client, script);
    expect((await model.invoke([new HumanMessage('a')])).text).toBe('first');
    const history = [new HumanMessage('a'), new AIMessage('first'), new HumanMessage('b')];
    expect((await model.invoke(history)).text).toBe('second');
  });

  it('fails with the message of an HTTP error', async () => {
    const { model } = await connect(client, { rules: [{ error: { status: 400, message: 'the prompt is too long' } }] });
    await expect(streamed(model, [new HumanMessage('hi')])).rejects.toThrow('the prompt is too long');
    await expect(model.invoke([new HumanMessage('hi')])).rejects.toThrow('the prompt is too long');
  });

  it('fails when the connection is cut', async () => {
    const { model } = await connect(client, { rules: [{ say: 'one two three four', cut: 3 }] });
    await expect(streamed(model, [new HumanMessage('hi')])).rejects.toThrow(lostConnection);
    await expect(model.invoke([new HumanMessage('hi')])).rejects.toThrow(lostConnection);
  });

  it('fails when an error breaks off the stream', async () => {
    const script = { rules: [{ say: 'one two three', error: { status: 529, message: 'overloaded, says the script', after: 3 } }] };
    const { model } = await connect(client, script);
    await expect(streamed(model, [new HumanMessage('hi')])).rejects.toThrow(/overloaded, says the script/);
  });
});

// ChatOllama looks at its signal only when a chunk arrives, so it closes nothing during a silence.
describe.each(clients.filter(({ name }) => name !== 'ChatOllama'))('$name, cancelled', (client) => {
  it('closes the request, and the server sees it', async () => {
    const { server: running, model } = await connect(client, { rules: [{ say: 'one two three', hang: 3 }] });
    const cancel = new AbortController();
    const stream = await model.stream([new HumanMessage('hi')], { signal: cancel.signal });
    const request = await running.nextRequest(client.path);
    expect(request.aborted).toBe(false);
    const reading = (async () => {
      for await (const chunk of stream) if (chunk.text !== '') cancel.abort();
    })();
    await expect(reading).rejects.toThrow(/abort/i);
    await expect(request.ended).resolves.toBe('aborted');
    expect(request.aborted).toBe(true);
  });
});
