import { describe, expect, it } from 'vitest';
import { environment } from '../env.js';
import { chooseModel } from './choose-model.js';
import { modelSettings } from './model-settings.js';

const base = { STIGMER_BACKEND_ENDPOINT: 'localhost:7234', TEMPORAL_SERVICE_ADDRESS: 'localhost:7233', SANDBOX_ROOT_DIR: '/workspace' };
const read = (env: Record<string, string>) => modelSettings(environment.read({ ...base, ...env }));

describe('modelSettings', () => {
  it('takes Ollama on its own port when nothing is said', () => {
    expect(read({})).toMatchObject({ provider: 'ollama', baseUrl: 'http://localhost:11434', baseUrlVariable: 'OLLAMA_BASE_URL' });
  });

  it('takes the URL that either variable names, in whatever way it is written', () => {
    expect(read({ STIGMER_LLM_BASE_URL: 'http://box:11434/' })).toMatchObject({ baseUrl: 'http://box:11434', baseUrlVariable: 'STIGMER_LLM_BASE_URL' });
    expect(read({ OLLAMA_BASE_URL: 'http://box:11434/v1', STIGMER_LLM_BASE_URL: 'http://box:11434' }).baseUrl).toBe('http://box:11434');
    expect(read({ STIGMER_LLM_PROVIDER: 'openai', STIGMER_LLM_MODEL: 'm', STIGMER_LLM_BASE_URL: 'http://box:8000' }).baseUrl).toBe('http://box:8000/v1');
    const key = { STIGMER_LLM_PROVIDER: 'anthropic', ANTHROPIC_API_KEY: 'k' };
    expect(read({ ...key, STIGMER_LLM_BASE_URL: 'https://box/v1' }).baseUrl).toBe('https://box');
    // The original's launcher sets this one for every provider.
    expect(read({ ...key, OLLAMA_BASE_URL: 'http://box:1' }).baseUrl).toBe('https://api.anthropic.com');
  });

  it('refuses two URLs that disagree, naming both variables', () => {
    expect(() => read({ OLLAMA_BASE_URL: 'http://a:1', STIGMER_LLM_BASE_URL: 'http://b:1' })).toThrow(
      /OLLAMA_BASE_URL and STIGMER_LLM_BASE_URL disagree \(http:\/\/a:1 and http:\/\/b:1\)/,
    );
  });

  it.each([
    [{ STIGMER_LLM_BASE_URL: 'localhost:11434' }, /STIGMER_LLM_BASE_URL must be an http or https URL/],
    [{ STIGMER_LLM_BASE_URL: 'http://me:secret@box' }, /^STIGMER_LLM_BASE_URL must be an http or https URL without user name and password, for example \S+$/],
    [{ STIGMER_LLM_TEMPERATURE: 'warm' }, /STIGMER_LLM_TEMPERATURE "warm" must be a number from 0 to 2/],
    [{ STIGMER_LLM_PRICE_INPUT: '-1' }, /STIGMER_LLM_PRICE_INPUT "-1" must be a number from 0 to 10000/],
    [{ STIGMER_LLM_PROVIDER: 'openai', OPENAI_API_KEY: 'k' }, /STIGMER_LLM_MODEL is not set/],
    [{ STIGMER_LLM_PROVIDER: 'openai', STIGMER_LLM_MODEL: 'm' }, /OPENAI_API_KEY or STIGMER_LLM_API_KEY is not set/],
    [{ STIGMER_LLM_PROVIDER: 'anthropic' }, /ANTHROPIC_API_KEY or STIGMER_LLM_API_KEY is not set/],
  ])('refuses %o', (env, message) => {
    expect(() => read(env as Record<string, string>)).toThrow(message);
  });

  it('reads the key of the provider it has', () => {
    const keys = { OPENAI_API_KEY: 'o', ANTHROPIC_API_KEY: 'a' };
    expect(read({ ...keys, STIGMER_LLM_PROVIDER: 'openai', STIGMER_LLM_MODEL: 'm' }).apiKey).toBe('o');
    expect(read({ ...keys, STIGMER_LLM_PROVIDER: 'anthropic' }).apiKey).toBe('a');
    expect(read({ ...keys, STIGMER_LLM_PROVIDER: 'anthropic', STIGMER_LLM_API_KEY: 'either' }).apiKey).toBe('either');
    expect(read(keys).apiKey).toBeUndefined();
  });

  it('wants no key of a server of one’s own', () => {
    const settings = read({ STIGMER_LLM_PROVIDER: 'openai', STIGMER_LLM_MODEL: 'm', STIGMER_LLM_BASE_URL: 'http://box:8000/v1' });
    expect(settings.apiKey).toBeUndefined();
  });
});

describe('chooseModel', () => {
  const anthropic = read({ STIGMER_LLM_PROVIDER: 'anthropic', ANTHROPIC_API_KEY: 'k' });

  it("takes the run's choice before the runner's", () => {
    expect(chooseModel('other:3b', read({}))).toBe('other:3b');
    expect(chooseModel('', read({ STIGMER_LLM_MODEL: 'own:1b' }))).toBe('own:1b');
  });

  it('knows the names by which people call Anthropic’s models', () => {
    expect(chooseModel('', anthropic)).toBe('claude-sonnet-4-5');
    expect(chooseModel('claude-opus-4', anthropic)).toBe('claude-opus-4-0');
    expect(chooseModel('claude-sonnet-4-5-20250929', anthropic)).toBe('claude-sonnet-4-5-20250929');
  });

  it('understands provider:model, and refuses another provider', () => {
    expect(chooseModel('anthropic:claude-sonnet-4.5', anthropic)).toBe('claude-sonnet-4-5');
    expect(() => chooseModel('openai:gpt-4.1', anthropic)).toThrow(/set STIGMER_LLM_PROVIDER=openai/);
  });
});
