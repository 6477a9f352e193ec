import { expect, it } from 'vitest';
import { environment, readEnvironment } from './env.js';

it('has a default for everything', () => {
  expect(readEnvironment({ PATH: '/bin' })).toEqual({ DEMO_MODEL_PORT: 0, DEMO_MODEL_EXIT_WITH_STDIN: '0' });
});

it('reads numbers as numbers', () => {
  expect(readEnvironment({ DEMO_MODEL_PORT: '8080', DEMO_MODEL_TOKEN_MS: '0' })).toMatchObject({
    DEMO_MODEL_PORT: 8080,
    DEMO_MODEL_TOKEN_MS: 0,
  });
});

it.each([
  ['DEMO_MODEL_PORT', '65536', /^DEMO_MODEL_PORT: must be a whole number from 0 to 65535$/],
  ['DEMO_MODEL_PORT', '', /^DEMO_MODEL_PORT: /],
  ['DEMO_MODEL_TOKEN_MS', '-1', /^DEMO_MODEL_TOKEN_MS: /],
  ['DEMO_MODEL_SEED', 'a b', /^DEMO_MODEL_SEED: must be 1 to 40 letters/],
  ['DEMO_MODEL_EXIT_WITH_STDIN', 'yes', /^DEMO_MODEL_EXIT_WITH_STDIN: /],
])('refuses %s=%j, naming the variable', (name, value, message) => {
  expect(() => readEnvironment({ [name]: value })).toThrow(message);
});

it('says what each variable means', () => {
  for (const [name, schema] of Object.entries(environment.shape)) expect(`${name}: ${schema.description}`).toMatch(/: .{10}/);
});
