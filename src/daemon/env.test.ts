import { expect, it } from 'vitest';
import { readSupervisorSettings } from './env.js';

it('refuses the old name of the address that runners read, and says what takes its place', () => {
  expect(() => readSupervisorSettings({ STIGMER_BACKEND_URL: 'http://localhost:7234' })).toThrow(/STIGMER_BACKEND_URL is set, and is not read: .*STIGMER_BACKEND_ENDPOINT/);
});
