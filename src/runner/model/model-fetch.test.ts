import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { until } from '../../../test/support/rpc.js';
import { systemClock, type Clock } from '../../contract/clock.js';
import type { StigmerError } from '../../contract/errors.js';
import { modelFetch, type ModelLimits, type ModelTrouble } from './model-fetch.js';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

let url: string;
let answers: Answer[];
let asked: number;
const server = createServer((request, response) => {
  request.resume();
  (answers[Math.min(asked++, answers.length - 1)] as Answer)(response, request);
});
const heard = { troubles: [] as ModelTrouble[], failures: [] as StigmerError[], answering: 0 };
let run: AbortController;

beforeEach(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  asked = 0;
  answers = [];
  run = new AbortController();
  Object.assign(heard, { troubles: [], failures: [], answering: 0 });
});
afterEach(async () => {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
});

function fetching(clock: Clock = systemClock, limits: Partial<ModelLimits> = {}): typeof fetch {
  const settings = { provider: 'openai', model: 'm', baseUrl: url, baseUrlVariable: 'STIGMER_LLM_BASE_URL', apiKeyVariables: 'OPENAI_API_KEY' } as const;
  return modelFetch({
    asked: { settings, model: 'm' },
    clock,
    signal: run.signal,
    limits: { firstWaitMs: 2, longestWaitMs: 4, ...limits },
    listener: () => ({
      trouble: (trouble) => heard.troubles.push(trouble),
      answering: () => (heard.answering += 1),
      failed: (error) => heard.failures.push(error),
    }),
  });
}

const status =
  (code: number, body = '', headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end(body);
const ok = status(200, 'fine');

describe('modelFetch', () => {
  it('hands on the answer as it comes', async () => {
    answers = [ok];
    const response = await fetching()(url, { method: 'POST', body: '{}' });
    expect([response.status, await response.text()]).toEqual([200, 'fine']);
    expect(heard).toMatchObject({ troubles: [], failures: [], answering: 1 });
  });

  it.each([408, 429, 500, 502, 503, 504, 529])('tries again after %i, with the same request', async (code) => {
    const bodies: string[] = [];
    const record: Answer = (response, request) => {
      request.setEncoding('utf8').on('data', (text: string) => bodies.push(text));
      request.on('end', () => response.writeHead(bodies.length < 3 ? code : 200).end('x'));
    };
    answers = [record];
    expect((await fetching()(url, { method: 'POST', body: 'the question' })).status).toBe(200);
    expect(bodies).toEqual(Array(3).fill('the question'));
    expect(heard.troubles.map((trouble) => trouble.code)).toEqual(Array(2).fill(code === 429 ? 'MODEL_RATE_LIMITED' : 'MODEL_RETRY'));
  });

  it.each([400, 401, 403, 404, 413, 422])('hands on %i at once, with its body, and tells why', async (code) => {
    answers = [status(code, '{"error":{"message":"so it is"}}')];
    const response = await fetching()(url);
    expect([response.status, await response.text()]).toEqual([code, '{"error":{"message":"so it is"}}']);
    expect(asked).toBe(1);
    expect(heard.failures[0]?.message).toContain('so it is');
  });

  it('does not wait for a quota that is used up', async () => {
    answers = [status(429, '{"error":{"code":"insufficient_quota","message":"You exceeded your current quota"}}')];
    expect((await fetching()(url)).status).toBe(429);
    expect(heard.failures[0]).toMatchObject({ reason: 'MODEL_QUOTA' });
    expect(asked).toBe(1);
  });

  it('gives up after so many tries', async () => {
    answers = [status(503)];
    expect((await fetching()(url)).status).toBe(503);
    expect(asked).toBe(6);
    expect(heard.failures).toHaveLength(1);
  });

  it('waits as long as the provider says', async () => {
    answers = [status(429, '', { 'retry-after': '7' }), status(429, '', { 'retry-after-ms': '1500' }), ok];
    const clock = new ManualClock();
    const response = fetching(clock)(url);
    await until(() => heard.troubles.length === 1 && clock.pending === 1);
    await clock.advance(6_900);
    expect(asked).toBe(1);
    await clock.advance(200);
    await until(() => heard.troubles.length === 2 && clock.pending === 1);
    await clock.advance(1_500);
    expect((await response).status).toBe(200);
    expect(heard.troubles.map(({ retryInMs }) => retryInMs)).toEqual([7_000, 1_500]);
  });

  it('does not wait for hours', async () => {
    answers = [status(429, 'come back tomorrow', { 'retry-after': '86400' })];
    expect((await fetching()(url)).status).toBe(429);
    expect(asked).toBe(1);
  });

  it('says that there is no connection, and why, after some tries', async () => {
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    await expect(fetching()(`http://127.0.0.1:${port}`)).rejects.toMatchObject({ reason: 'MODEL_UNREACHABLE', message: expect.stringContaining('(connection refused)') });
    expect(heard.troubles.map(({ code }) => code)).toEqual(Array(3).fill('MODEL_UNREACHABLE'));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  });

  it('tells that the model has not begun to answer, and ends a silence that is too long', async () => {
    answers = [() => undefined];
    const clock = new ManualClock();
    const response = fetching(clock, { tellAfterMs: 4_000, firstByteMs: 60_000 })(url);
    response.catch(() => undefined);
    await until(() => asked === 1);
    await clock.advance(5_000);
    expect(heard.troubles).toMatchObject([{ code: 'MODEL_WAITING' }]);
    await clock.advance(60_000);
    await expect(response).rejects.toMatchObject({ reason: 'MODEL_SILENT', message: expect.stringContaining('has said nothing for 60 s') });
  });

  it('ends a silence in the middle of an answer', async () => {
    answers = [(response) => void response.writeHead(200).write('one ')];
    const clock = new ManualClock();
    const reading = (await fetching(clock, { betweenBytesMs: 30_000 })(url)).text();
    reading.catch(() => undefined);
    await until(async () => {
      await clock.advance(1_000);
      return heard.failures.length > 0;
    });
    await expect(reading).rejects.toMatchObject({ reason: 'MODEL_SILENT', message: expect.stringContaining('for 30 s') });
    expect(heard.answering).toBe(1);
  });

  it('does not take a slow answer for silence', async () => {
    answers = [
      (response) => {
        response.writeHead(200);
        let n = 0;
        const timer = setInterval(() => (n++ < 5 ? response.write('x') : (clearInterval(timer), response.end())), 20);
      },
    ];
    expect(await (await fetching(systemClock, { firstByteMs: 5_000, betweenBytesMs: 1_000 })(url)).text()).toBe('xxxxx');
  });

  it('says that an answer broke off', async () => {
    answers = [(response) => response.writeHead(200).write('one', () => response.destroy())];
    await expect((await fetching()(url)).text()).rejects.toMatchObject({ reason: 'MODEL_BROKEN_ANSWER' });
    expect(asked).toBe(1);
  });

  it.each(['before the answer', 'while it waits to try again', 'in the middle of the answer'])('ends with the run, %s', async (when) => {
    let closed = 0;
    answers = [
      (response) => {
        response.on('close', () => (closed += 1));
        if (when === 'while it waits to try again') response.writeHead(503, { 'retry-after': '60' }).end();
        else if (when === 'in the middle of the answer') response.writeHead(200).write('one');
      },
    ];
    const reading = fetching()(url).then((response) => response.text());
    reading.catch(() => undefined);
    await until(() => asked === 1 && (when !== 'while it waits to try again' || heard.troubles.length === 1) && (when !== 'in the middle of the answer' || heard.answering === 1));
    run.abort(new Error('the run is over'));
    await expect(reading).rejects.toThrow('the run is over');
    await until(() => closed === 1);
    expect(heard.failures).toEqual([]);
  });
});
