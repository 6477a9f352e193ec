import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.js';

// The long versions of kills, seeds and soaks: tests that read
// STIGMER_THOROUGH, STIGMER_SIM_SEEDS or STIGMER_HISTORY_ROUNDS do more of what they do, and test/thorough runs only here.
const thorough = mergeConfig(base, defineConfig({ test: { env: { STIGMER_THOROUGH: '1', STIGMER_SIM_SEEDS: '10000', STIGMER_HISTORY_ROUNDS: '1000' }, testTimeout: 600_000 } }));
thorough.test = {
  ...thorough.test,
  include: ['test/thorough/**/*.test.ts', 'test/**/*kill*.test.ts', 'test/history-check.test.ts', 'src/broker/**/*simulation*.test.ts'],
  exclude: ['node_modules/**', 'dist/**'],
};

export default thorough;
