import { writeSync } from 'node:fs';
import { systemClock } from '../contract/clock.js';
import { toErrorText } from './control-protocol.js';
import { ownEnvironment, readSupervisorSettings } from './env.js';
import { runSupervisor } from './run-supervisor.js';
import { START_REPORT_FD, type StartReport } from './start-report.js';
import { stopSignals } from './stop-signals.js';

/**
 * The supervisor as a process of its own, started by `startDaemon`. On file descriptor 3 it says once that its socket can be asked, or
 * why it could not begin; how the start goes on is told over the socket.
 */
async function main(): Promise<void> {
  process.umask(0o077);
  let reported = false;
  const report = (message: StartReport): void => {
    if (reported) return;
    reported = true;
    try {
      writeSync(START_REPORT_FD, `${JSON.stringify(message)}\n`);
    } catch {
      // Whoever started us did not wait: the socket tells the rest, and so does the log.
    }
  };
  try {
    await runSupervisor(
      { settings: readSupervisorSettings(), env: ownEnvironment(), clock: systemClock, random: Math.random },
      { onProgress: () => undefined, onListening: () => report({ listening: true }) },
      stopSignals(),
    );
  } catch (error) {
    report({ error: toErrorText(error) });
    process.exitCode = 1;
  }
}

await main();
