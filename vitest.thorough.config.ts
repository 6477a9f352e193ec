import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.js';

// The long versions of kills, seeds and soaks: tests that read
// STIGMER_THOROUGH or STIGMER_SIM_SEEDS do more of what they do, and test/thorough runs only here.
const thorough = mergeConfig(base, defineConfig({ test: { env: { STIGMER_THOROUGH: '1', STIGMER_SIM_SEEDS: '10000' }, testTimeout: 600_000 } }));
thorough.test = {
  ...thorough.test,
  include: ['test/thorough/**/*.test.ts', 'test/**/*kill*.test.ts', 'src/broker/**/*simulation*.test.ts'],
  exclude: ['node_modules/**', 'dist/**'],
};

export default thorough;
