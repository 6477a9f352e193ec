import { setFlagsFromString } from 'node:v8';
import { systemClock } from '../../contract/clock.js';
import { StigmerError } from '../../contract/errors.js';
import { readWorkerConfig } from './env.js';
import { createLog, installTemporalRuntime } from './log.js';
import { runWorker } from './run-worker.js';
import { stopSignal } from './stop-signal.js';

/** Exit codes: 0 asked to stop, 1 something failed, 2 the environment is wrong. */
async function main(): Promise<number> {
  let config;
  try {
    config = readWorkerConfig();
  } catch (error) {
    process.stderr.write(`The worker cannot start.\n${StigmerError.from(error).message}\n`);
    return 2;
  }
  // Young objects of up to 16 MB three times over, in each of the threads that Temporal starts: a tenth does for what runs here.
  setFlagsFromString('--max-semi-space-size=1');
  const log = createLog(config.LOG_LEVEL);
  installTemporalRuntime(log);
  const stop = stopSignal({ exitWithStdin: config.STIGMER_EXIT_WITH_STDIN, clock: systemClock, log });
  try {
    await runWorker(config, { clock: systemClock, log }, stop);
    log.info('stopped');
    return 0;
  } catch (error) {
    log.fatal({ err: error }, StigmerError.from(error).message);
    return 1;
  }
}

// Not left to the event loop: a connection that Temporal's native part still holds would keep the process.
process.exit(await main());
