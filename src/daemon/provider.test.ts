import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../contract/clock.js';
import { readSupervisorSettings } from './env.js';
import { type Provider, chooseProvider } from './provider.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Something that answers `path` with 200, and all else with 404. */
async function answers(path: string): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(request.url === path ? 200 : 404).end('{}');
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** A port on which nothing listens. */
const NOBODY = 'http://127.0.0.1:1';

function choose(env: Record<string, string>): Promise<Provider> {
  const settings = readSupervisorSettings({ OLLAMA_BASE_URL: NOBODY, ...env });
  return chooseProvider({ settings, demoUrl: () => Promise.resolve('http://127.0.0.1:8089'), clock: systemClock });
}

describe('the model provider', () => {
  it('is the one that is named, with all that is set about it', async () => {
    const { settings, description, demo } = await choose({ STIGMER_LLM_PROVIDER: 'openai', STIGMER_LLM_MODEL: 'm', STIGMER_LLM_API_KEY: 'k', ANTHROPIC_API_KEY: 'a' });
    expect(settings).toMatchObject({ STIGMER_LLM_PROVIDER: 'openai', STIGMER_LLM_MODEL: 'm', STIGMER_LLM_API_KEY: 'k' });
    expect(description).toBe('openai with m');
    expect(demo).toBe(false);
  });

  it('is the one whose key is set, with a model where the runner would know none', async () => {
    expect((await choose({ ANTHROPIC_API_KEY: 'a', OPENAI_API_KEY: 'o' })).settings).toMatchObject({ STIGMER_LLM_PROVIDER: 'anthropic' });
    const openai = await choose({ OPENAI_API_KEY: 'o' });
    expect(openai.settings).toMatchObject({ STIGMER_LLM_PROVIDER: 'openai', STIGMER_LLM_MODEL: expect.any(String) as string });
    expect(openai.description).toContain('by OPENAI_API_KEY');
  });

  it('is Ollama where it answers, also under a path', async () => {
    const ollama = await answers('/api/version');
    const { settings, description, warning } = await choose({ OLLAMA_BASE_URL: `${ollama.url}/v1`, STIGMER_DEMO_MODEL: '1' });
    expect(settings).toMatchObject({ STIGMER_LLM_PROVIDER: 'ollama', OLLAMA_BASE_URL: `${ollama.url}/v1` });
    expect(description).toBe(`ollama at ${ollama.url}/v1`);
    expect(warning).toBeUndefined();
    expect(ollama.asked).toEqual(['/api/version']);
  });

  it('is the demo model where nothing answers and it is wanted; the runner is led to it by the OpenAI protocol', async () => {
    const { settings, warning, demo } = await choose({ STIGMER_DEMO_MODEL: '1', OLLAMA_BASE_URL: NOBODY });
    expect(settings).toEqual({
      STIGMER_LLM_PROVIDER: 'openai',
      STIGMER_LLM_BASE_URL: 'http://127.0.0.1:8089/v1',
      STIGMER_LLM_MODEL: 'demo-script',
      STIGMER_LLM_API_KEY: 'none-needed',
    });
    expect(demo).toBe(true);
    expect(warning).toMatch(/^no model provider answers \(Ollama at http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED.*a scripted demo model stands in/);
  });

  it('is missed with a warning that says what to do', async () => {
    const { settings, warning, demo } = await choose({});
    expect(settings).toMatchObject({ STIGMER_LLM_PROVIDER: 'ollama' });
    expect(demo).toBe(false);
    expect(warning).toMatch(/ECONNREFUSED.*ANTHROPIC_API_KEY.*--demo-model/);
  });

  it('is not Ollama where something else answers', async () => {
    const other = await answers('/');
    expect((await choose({ OLLAMA_BASE_URL: other.url })).warning).toContain('/api/version is answered with HTTP status 404');
  });

  it('is described without the password in its URL', async () => {
    const { description } = await choose({ STIGMER_LLM_PROVIDER: 'openai', STIGMER_LLM_BASE_URL: 'http://me:secret@localhost:8000/v1' });
    expect(description).toBe('openai at http://localhost:8000/v1');
  });
});
