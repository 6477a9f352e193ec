import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { Clock } from '../../contract/clock.js';
import type { ProcessIdentity } from './process-identity.js';
import { identify, isRunning } from './process-identity.js';
import { signalGroup, signalProcess } from './signals.js';
import { sleep } from './sleep.js';

/** Note of a process that may outlive the supervisor that started it. */
export interface ProcessRecord extends ProcessIdentity {
  /** The program, for messages. */
  readonly command: string;
}

/** Writes down that process `pid` is ours. Does nothing when it has ended already. */
export async function writeProcessRecord(file: string, pid: number, command: string): Promise<void> {
  const identity = await identify(pid);
  if (identity === undefined) return;
  const record: ProcessRecord = { ...identity, command };
  await writeFile(`${file}.part`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  await rename(`${file}.part`, file);
}

/** Reads a record; undefined when there is none, or none that can be read. */
export async function readProcessRecord(file: string): Promise<ProcessRecord | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return parseRecord(text);
}

/** The recorded process when that very one still runs. */
export async function findRecorded(file: string): Promise<ProcessRecord | undefined> {
  const record = await readProcessRecord(file);
  return record !== undefined && (await isRunning(record)) ? record : undefined;
}

/**
 * Ends the recorded process (SIGTERM, after `graceMs` SIGKILL to its group) when that very one still runs, waits until it is gone,
 * and removes the record.
 *
 * Its output went into pipes of the supervisor that is gone, so such a process can be neither heard nor relied on (a Go program
 * dies at its next line of log): it is replaced, not taken over.
 *
 * @returns what was ended; undefined when nothing was left
 */
export async function endRecorded(file: string, graceMs: number, clock: Clock): Promise<ProcessRecord | undefined> {
  const record = await findRecorded(file);
  if (record !== undefined) {
    signalProcess(record.pid, 'SIGTERM');
    const killAt = clock.now() + graceMs;
    let killed = false;
    while (await isRunning(record)) {
      if (!killed && clock.now() >= killAt) {
        signalGroup(record.pid, 'SIGKILL');
        killed = true;
      }
      await sleep(clock, 20);
    }
  }
  await rm(file, { force: true });
  return record;
}

/** Undefined for what is not a record: the file was damaged, and there is nothing in it to go by. */
export function parseRecord(text: string): ProcessRecord | undefined {
  try {
    const { pid, startTime, command } = JSON.parse(text) as Partial<ProcessRecord>;
    if (Number.isSafeInteger(pid) && typeof pid === 'number' && pid > 0 && typeof startTime === 'string') {
      return { pid, startTime, command: typeof command === 'string' ? command : '' };
    }
    return undefined;
  } catch {
    return undefined;
  }
}
