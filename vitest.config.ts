import { defineConfig } from 'vitest/config';
import { storeWorkerPlugin } from './test/support/store-worker-plugin.js';

export default defineConfig({
  plugins: [storeWorkerPlugin()],
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['test/thorough/**', 'node_modules/**', 'dist/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Tests start real servers and processes: two at a time is what two cores carry.
    maxWorkers: 2,
    // In CI a test that kills and restarts real processes gets a second try; the report names each that needed it.
    retry: process.env['CI'] === undefined ? 0 : 1,
    pool: 'forks',
  },
});
