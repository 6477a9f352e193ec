import type { Clock } from '../contract/clock.js';
import type { Logger } from './log.js';

/** Time from the wish to stop to the end of the process, in milliseconds, whatever still hangs then. */
const longestStopMs = 5_000;

/** Aborts when the process is asked to stop: by SIGTERM or SIGINT, or, for a supervised child, by the end of its standard input. */
export function stopSignal({ exitWithStdin, clock, log }: { readonly exitWithStdin: boolean; readonly clock: Clock; readonly log: Logger }): AbortSignal {
  const stop = new AbortController();
  const request = (reason: string): void => {
    if (stop.signal.aborted) return;
    log.info({ reason }, 'stopping');
    clock.setTimer(longestStopMs, () => {
      log.error(`not stopped within ${longestStopMs} ms, ending anyway`);
      process.exit(1);
    });
    stop.abort(reason);
  };
  process.on('SIGTERM', () => request('SIGTERM'));
  process.on('SIGINT', () => request('SIGINT'));
  if (exitWithStdin) {
    process.stdin.on('end', () => request('end of standard input'));
    process.stdin.on('error', () => request('end of standard input'));
    process.stdin.resume();
  }
  return stop.signal;
}
