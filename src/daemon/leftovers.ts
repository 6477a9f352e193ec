import type { Clock } from '../contract/clock.js';
import type { EnvironmentSource } from '../contract/environment.js';
import { sweepContainers } from './containers/sweep.js';
import { type Home, processRecords } from './home.js';
import { isRunning } from './supervision/process-identity.js';
import { type ProcessRecord, endRecorded, findRecorded } from './supervision/process-record.js';
import { signalProcess } from './supervision/signals.js';
import { sleep } from './supervision/sleep.js';

/** What a process that was left behind is given to end by itself, in milliseconds. */
const GRACE_MS = 3_000;

/** How long a supervisor that was told to stop may take, in milliseconds: longer than it takes to stop all its components. */
const LONGEST_STOP_MS = 12_000;

/** The process that holds the home's lock, if it runs. */
export function lockHolder(home: Home): Promise<ProcessRecord | undefined> {
  return findRecorded(home.lock);
}

/** Ends what a supervisor that is gone has left running. Gives the names of what was ended. */
export async function endLeftovers(home: Home, env: EnvironmentSource, clock: Clock): Promise<string[]> {
  const ended = await Promise.all((await processRecords(home)).map((file) => endRecorded(file, GRACE_MS, clock)));
  const processes = ended.flatMap((record) => (record === undefined ? [] : [`${record.command} (pid ${record.pid})`]));
  return [...processes, ...(await sweepContainers(home, env))];
}

/** Waits until the supervisor is gone; kills it when it is still there after the time that an orderly stop takes, or `limitMs`. */
export async function untilEnded(supervisor: ProcessRecord, clock: Clock, limitMs = LONGEST_STOP_MS): Promise<void> {
  const killAt = clock.now() + limitMs;
  let killed = false;
  while (await isRunning(supervisor)) {
    if (!killed && clock.now() >= killAt) {
      signalProcess(supervisor.pid, 'SIGKILL');
      killed = true;
    }
    await sleep(clock, 20);
  }
}
