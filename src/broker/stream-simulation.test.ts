import * as fc from 'fast-check';
import { it } from 'vitest';
import { simulate } from '../../test/support/stream-simulation/simulation.js';
import { step } from '../../test/support/stream-simulation/steps.js';

/** Runs of the simulation, and the seed of the first: a failing run prints both, and the path to repeat it. */
const runs = Number(process.env['STIGMER_SIM_SEEDS'] ?? 1000);
const seed = process.env['STIGMER_SIM_SEED'];

it(
  `keeps its promises in ${runs} random runs`,
  async () => {
    // A failing run is made shorter for as long as the time lasts; runs that the time was too short for count as failed.
    const parameters = { numRuns: runs, interruptAfterTimeLimit: 20_000 + runs * 90, markInterruptAsFailure: true, ...(seed !== undefined && { seed: Number(seed) }) };
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 150, size: 'max' }), simulate), parameters);
  },
  30_000 + runs * 100,
);
