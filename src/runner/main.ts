import { systemClock } from '../contract/clock.js';
import { StigmerError } from '../contract/errors.js';
import { readEnvironment } from './env.js';
import { createLog, installTemporalRuntime } from './log.js';
import { modelSettings } from './model/model-settings.js';
import { quietConsole } from './quiet-console.js';
import { serve } from './service/serve.js';
import { stopSignal } from './stop-signal.js';

/** Exit codes: 0 asked to stop, 1 something failed, 2 the environment is wrong. */
async function main(): Promise<number> {
  let env;
  let model;
  try {
    env = readEnvironment();
    model = modelSettings(env);
  } catch (error) {
    process.stderr.write(`The agent-runner cannot start.\n${StigmerError.from(error).message}\n`);
    return 2;
  }
  const log = createLog(env.LOG_LEVEL);
  installTemporalRuntime(log);
  quietConsole(log);
  // A library that lets go of a promise must not take other runs down with it.
  process.on('unhandledRejection', (error) => log.error(placeOf(error), 'a promise was rejected, and nobody looked at it'));
  const stop = stopSignal({ exitWithStdin: env.STIGMER_EXIT_WITH_STDIN, clock: systemClock, log });
  try {
    await serve({ env, model, clock: systemClock, log }, stop);
    log.info('stopped');
    return 0;
  } catch (error) {
    log.fatal({ err: error }, StigmerError.from(error).message);
    return 1;
  }
}

/** Where an error comes from, without its message, which may hold a piece of a conversation. */
function placeOf(error: unknown): { readonly error: string; readonly at: string | undefined } {
  if (!(error instanceof Error)) return { error: typeof error, at: undefined };
  return { error: error.name, at: error.stack?.split('\n').filter((line) => line.startsWith('    at ')).join('\n') };
}

// Not left to the event loop: a connection that Temporal's native part still holds would keep the process.
process.exit(await main());
