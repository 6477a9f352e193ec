import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { readEnvironment } from './env.js';

it('has a default for what a person must not say', () => {
  expect(readEnvironment({ PATH: '/bin' })).toMatchObject({ DEMO_MODEL_PORT: 0, STIGMER_EXIT_WITH_STDIN: false });
});

it('reads numbers as numbers, files as absolute paths', () => {
  expect(readEnvironment({ DEMO_MODEL_PORT: '8080', DEMO_MODEL_TOKEN_MS: '0', DEMO_MODEL_SCRIPT: 'a.yaml' })).toMatchObject({
    DEMO_MODEL_PORT: 8080,
    DEMO_MODEL_TOKEN_MS: 0,
    DEMO_MODEL_SCRIPT: resolve('a.yaml'),
  });
});

it.each([
  ['DEMO_MODEL_PORT', '65536', /^DEMO_MODEL_PORT "65536" must be a whole number from 0 to 65535;/],
  ['DEMO_MODEL_TOKEN_MS', '-1', /^DEMO_MODEL_TOKEN_MS "-1" must be a whole number/],
  ['DEMO_MODEL_SEED', 'a b', /^DEMO_MODEL_SEED: must be 1 to 40 letters/],
  ['STIGMER_EXIT_WITH_STDIN', 'yes', /^STIGMER_EXIT_WITH_STDIN "yes" must be 1, true, 0 or false/],
])('refuses %s=%j, naming the variable and its rule', (name, value, message) => {
  expect(() => readEnvironment({ [name]: value })).toThrow(message);
});
