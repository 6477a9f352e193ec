import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { ScriptInput } from './script.js';
import { startModelServer } from './server.js';
import type { ModelServer, ModelServerOptions } from './server.js';

let server: ModelServer | undefined;
afterEach(() => server?.close());

async function start(rules: ScriptInput['rules'], options: Partial<ModelServerOptions> = {}): Promise<ModelServer> {
  server = await startModelServer({ script: { rules }, ...options });
  return server;
}

const paths = ['/v1/chat/completions', '/v1/messages', '/api/chat'];

function ask({ url }: ModelServer, path: string, stream: boolean, signal?: AbortSignal): Promise<Response> {
  const body = JSON.stringify({ model: 'x', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }], stream });
  return fetch(url + path, { method: 'POST', body, signal: signal ?? null });
}

/** The chunks that arrive, and the error that ends them, if any. */
async function chunksOf(response: Response): Promise<{ chunks: Buffer[]; error: unknown }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response.body ?? []) chunks.push(Buffer.from(chunk as Uint8Array));
    return { chunks, error: undefined };
  } catch (error) {
    return { chunks, error };
  }
}

const textOf = (chunks: Buffer[]) => Buffer.concat(chunks).toString();
/** The JSON of each frame: what stands after `data: `, or the line. */
const payloads = (text: string) => text.split('\n').map((line) => line.replace(/^data: /, '')).filter((line) => line.startsWith('{'));

/** Timers fire when the test says so. */
function manualClock() {
  const waiting: { ms: number; fire: () => void }[] = [];
  let seen: () => void = () => undefined;
  return {
    now: () => 0,
    setTimer: (ms: number, fire: () => void) => {
      waiting.push({ ms, fire });
      seen();
      return () => undefined;
    },
    /** Waits for a timer, fires it, and gives its milliseconds. */
    async fireNext(): Promise<number> {
      if (waiting.length === 0) await new Promise<void>((resolve) => (seen = resolve));
      const { ms, fire } = waiting.shift() ?? { ms: Number.NaN, fire: () => undefined };
      fire();
      return ms;
    },
  };
}

describe.each(paths)('a misbehaviour at %s', (path) => {
  it('error: the status, the message and Retry-After, streamed or not', async () => {
    const running = await start([{ error: { status: 429, message: 'slow down', retry_after_s: 7 } }]);
    for (const stream of [true, false]) {
      const response = await ask(running, path, stream);
      expect(response.status).toBe(429);
      expect(response.headers.get('retry-after')).toBe('7');
      expect(await response.text()).toContain('slow down');
    }
  });

  it('error with a body of its own', async () => {
    const running = await start([{ error: { status: 502, body: '<html>Bad gateway</html>' } }]);
    const response = await ask(running, path, true);
    expect(response.status).toBe(502);
    expect(await response.text()).toBe('<html>Bad gateway</html>');
  });

  it('error for a while, then an answer', async () => {
    const running = await start([{ error: { status: 503 }, times: 2 }, { say: 'better' }]);
    const statuses = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await ask(running, path, false)).status);
    expect(statuses).toEqual([503, 503, 200]);
  });

  it('error after some frames: the rest of the stream is the error', async () => {
    const running = await start([{ say: 'one two three', error: { status: 500, message: 'out of memory', after: 2 } }]);
    const response = await ask(running, path, true);
    expect(response.status).toBe(200);
    const { chunks, error } = await chunksOf(response);
    expect(error).toBeUndefined();
    const sent = payloads(textOf(chunks));
    expect(sent).toHaveLength(3);
    expect(sent[2]).toContain('out of memory');
  });

  it('hang: no answer, not even headers, until the client gives up', async () => {
    const running = await start([{ say: 'never said', hang: true }]);
    const giveUp = new AbortController();
    const response = ask(running, path, true, giveUp.signal);
    const request = await running.nextRequest(path);
    giveUp.abort();
    await expect(response).rejects.toThrow(/abort/);
    expect(await request.ended).toBe('aborted');
  });

  it('hang after some frames', async () => {
    const running = await start([{ say: 'one two three', hang: 2 }]);
    const giveUp = new AbortController();
    const response = await ask(running, path, true, giveUp.signal);
    let text = '';
    const reading = (async () => {
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk as Uint8Array).toString();
        if (payloads(text).length === 2) giveUp.abort();
      }
    })();
    await expect(reading).rejects.toThrow(/abort/);
    expect(payloads(text)).toHaveLength(2);
    const request = await running.nextRequest(path);
    expect(await request.ended).toBe('aborted');
    expect(request.aborted).toBe(true);
  });

  it('cut: the connection ends after so many frames, all of which arrive', async () => {
    const running = await start([{ say: 'one two three', cut: 2 }]);
    const { chunks, error } = await chunksOf(await ask(running, path, true));
    expect(payloads(textOf(chunks))).toHaveLength(2);
    expect(error).toBeInstanceOf(Error);
    const request = await running.nextRequest(path);
    expect(await request.ended).toBe('cut');
    expect(request.aborted).toBe(false);
  });

  it('cut before the first byte, and in the middle of an answer in one piece', async () => {
    const running = await start([{ say: 'x', cut: 0, times: 1 }, { say: 'a longer answer', cut: 1 }]);
    await expect(ask(running, path, false)).rejects.toThrow(/fetch failed/);
    const { chunks, error } = await chunksOf(await ask(running, path, false));
    expect(textOf(chunks)).toMatch(/^\{/);
    expect(() => JSON.parse(textOf(chunks)) as unknown).toThrow(SyntaxError);
    expect(error).toBeInstanceOf(Error);
  });

  it('wrong_json: that frame, and no other', async () => {
    const running = await start([{ say: 'one two three', wrong_json: 1 }]);
    const { chunks } = await chunksOf(await ask(running, path, true));
    const fine = payloads(textOf(chunks)).map((payload) => {
      try {
        JSON.parse(payload);
        return true;
      } catch {
        return false;
      }
    });
    expect(fine.filter((ok) => !ok)).toHaveLength(1);
    expect(fine[1]).toBe(false);
    expect(fine.length).toBeGreaterThan(3);
    const whole = await ask(running, path, false);
    await expect(whole.json()).rejects.toThrow(SyntaxError);
  });

  it('odd_chunks: chunks end within characters and run over the ends of frames', async () => {
    const say = '🦉🦉🦉 日本語 ünïcödé '.repeat(20);
    const running = await start([{ say, odd_chunks: true }]);
    const { chunks } = await chunksOf(await ask(running, path, true));
    expect(chunks.some((chunk) => chunk.toString().includes('\uFFFD'))).toBe(true);
    expect(chunks.some((chunk) => chunk.toString().trimEnd().includes('\n'))).toBe(true);
    const said = payloads(textOf(chunks)).map((payload) => /"(?:content|text)":"((?:[^"])*)"/.exec(payload)?.[1] ?? '');
    expect(said.join('')).toBe(say);
  });

  it('delay and pace: before the first token, then between two', async () => {
    const clock = manualClock();
    const running = await start([{ say: 'one two three', delay_ms: 400, token_ms: 30 }], { clock });
    const response = ask(running, path, true);
    expect([await clock.fireNext(), await clock.fireNext(), await clock.fireNext()]).toEqual([400, 30, 30]);
    const { error } = await chunksOf(await response);
    expect(error).toBeUndefined();
  });

  it('delay and pace: an answer in one piece takes as long as its tokens', async () => {
    const clock = manualClock();
    const running = await start([{ say: 'one two three', delay_ms: 400, token_ms: 30 }], { clock });
    const response = ask(running, path, false);
    expect([await clock.fireNext(), await clock.fireNext()]).toEqual([400, 90]);
    expect((await response).status).toBe(200);
  });
});

describe('the pace given at the start', () => {
  it("replaces the script's, not a rule's own", async () => {
    const clock = manualClock();
    server = await startModelServer({
      script: { delay_ms: 1, token_ms: 2, rules: [{ say: 'a b', token_ms: 3, times: 1 }, { say: 'a b' }] },
      pace: { delay_ms: 10, token_ms: 20 },
      clock,
    });
    for (const expected of [[10, 3], [10, 20]]) {
      const response = ask(server, '/api/chat', true);
      expect([await clock.fireNext(), await clock.fireNext()]).toEqual(expected);
      await (await response).text();
    }
  });
});

describe('the server', () => {
  it('records each request and how it ended', async () => {
    const running = await start([{ say: 'hello' }]);
    await (await ask(running, '/api/chat', false)).text();
    await (await fetch(`${running.url}/v1/models?limit=3`, { headers: { authorization: 'Bearer abc' } })).text();
    expect(running.requests).toMatchObject([
      { method: 'POST', path: '/api/chat', body: { model: 'x', messages: [{ content: 'hi' }] }, aborted: false },
      { method: 'GET', path: '/v1/models', body: undefined, headers: { authorization: 'Bearer abc' } },
    ]);
    expect(await Promise.all(running.requests.map(({ ended }) => ended))).toEqual(['answered', 'answered']);
  });

  it('gives out each request once, those that came before included', async () => {
    const running = await start([{ say: 'hello' }]);
    const early = running.nextRequest();
    await (await ask(running, '/api/chat', false)).text();
    await (await ask(running, '/v1/messages', false)).text();
    await (await ask(running, '/api/chat', false)).text();
    expect(await early).toBe(running.requests[0]);
    expect(await running.nextRequest('/api/chat')).toBe(running.requests[2]);
    expect(await running.nextRequest()).toBe(running.requests[1]);
    const never = running.nextRequest().catch((error: unknown) => error);
    await running.close();
    expect(String(await never)).toContain('closed before another request');
  });

  it('keeps the newest requests only', async () => {
    const running = await start([{ say: 'hello' }], { keepRequests: 2 });
    for (const path of paths) await (await ask(running, path, false)).text();
    expect(running.requests.map(({ path }) => path)).toEqual(paths.slice(1));
  });

  it('answers many clients at once', async () => {
    const running = await start([{ say: '{{message}} and more words to stream' }]);
    const texts = await Promise.all(
      Array.from({ length: 40 }, async (_unused, index) => (await ask(running, paths[index % 3] ?? '', true)).text()),
    );
    expect(texts.every((text) => payloads(text).length >= 6)).toBe(true);
  });

  it('says which rule is missing when none holds', async () => {
    const running = await start([{ when: { message: 'something else' }, say: 'x' }]);
    const response = await ask(running, '/api/chat', true);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/no rule .* holds; the conversation ends with .*"hi"/) });
  });

  it('says what it serves to who asks for anything else', async () => {
    const running = await start([{ say: 'x' }]);
    const response = await fetch(`${running.url}/v1/responses`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(404);
    expect(await response.text()).toMatch(/no POST \/v1\/responses.*\/v1\/chat\/completions, \/v1\/messages, \/api\/chat/);
    expect((await fetch(`${running.url}/api/chat`)).status).toBe(404);
  });

  it('refuses a request that is too large, with both numbers', async () => {
    const running = await start([{ say: 'x' }]);
    const content = 'x'.repeat(33 * 1024 * 1024);
    const body = JSON.stringify({ model: 'x', messages: [{ role: 'user', content }] });
    const response = await fetch(`${running.url}/api/chat`, { method: 'POST', body });
    expect(response.status).toBe(413);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/at least 33\d{6} bytes, the limit is 33554432 bytes/) });
  });

  it('listens on loopback only, and says when its port is taken', async () => {
    const running = await start([{ say: 'x' }]);
    expect(running.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const port = Number(new URL(running.url).port);
    await expect(startModelServer({ script: { rules: [{ say: 'x' }] }, port })).rejects.toThrow(`127.0.0.1:${port}`);
  });

  it('refuses a script that is not valid', async () => {
    await expect(startModelServer({ script: { rules: [] } })).rejects.toThrow(/rules: /);
  });

  it('closes with requests open', async () => {
    const running = await start([{ say: 'one two', hang: 1 }]);
    const response = await ask(running, '/api/chat', true);
    const request = await running.nextRequest();
    await running.close();
    expect(await request.ended).toBe('cut');
    expect((await chunksOf(response)).error).toBeInstanceOf(Error);
  });

  it('bears a client that leaves in the middle of its request', async () => {
    const running = await start([{ say: 'still here' }]);
    const { port } = new URL(running.url);
    await new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.end('POST /api/chat HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"model"');
      });
      socket.once('close', () => resolve()).once('error', reject).resume();
    });
    expect((await ask(running, '/api/chat', false)).status).toBe(200);
    expect(running.requests).toHaveLength(1);
  });
});
