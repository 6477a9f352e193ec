import { randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import type { Clock } from '../../contract/clock.js';
import { failedPrecondition } from '../../contract/errors.js';
import { identify, isRunning } from './process-identity.js';
import type { ProcessRecord } from './process-record.js';
import { parseRecord } from './process-record.js';
import { sleep } from './sleep.js';

/** A lock that this process holds. */
export interface Lock {
  release(): Promise<void>;
}

export type LockAttempt = { readonly kind: 'acquired'; readonly lock: Lock } | { readonly kind: 'held'; readonly by: ProcessRecord };

/**
 * Takes the lock that the file at `path` is, for as long as this process runs or until it is released. The file names its holder by
 * pid and start time; the lock of a process that is gone is taken over, also when its pid was given to another since.
 *
 * @param command what the holder is, for the message of whoever comes second
 */
export async function tryLock(path: string, command: string, clock: Clock): Promise<LockAttempt> {
  const self = await identify(process.pid);
  if (self === undefined) throw new Error('this process cannot be identified');
  const text = `${JSON.stringify({ ...self, command } satisfies ProcessRecord)}\n`;
  for (;;) {
    if (await createWhole(path, text)) return { kind: 'acquired', lock: { release: () => removeIfUnchanged(path, text) } };
    const seen = await readIfThere(path);
    if (seen === undefined) continue;
    const holder = parseRecord(seen);
    if (holder !== undefined && (await isRunning(holder))) return { kind: 'held', by: holder };
    await removeStale(path, seen, text, clock);
  }
}

/**
 * Takes the lock of a home for a supervisor.
 *
 * @throws StigmerError FAILED_PRECONDITION naming the process that holds it
 */
export async function lockHome(path: string, home: string, command: string, clock: Clock): Promise<Lock> {
  const attempt = await tryLock(path, command, clock);
  if (attempt.kind === 'acquired') return attempt.lock;
  const { pid, command: holder } = attempt.by;
  throw failedPrecondition(
    `a supervisor for ${home} is running already: ${holder} (pid ${pid}). See what it does with \`stigmer server status\`, end it with ` +
      '`stigmer server stop`, or set STIGMER_HOME to another folder to run a second one',
  );
}

/** Waits for a lock that others hold only for a while. */
export async function waitForLock(path: string, command: string, clock: Clock, signal?: AbortSignal): Promise<Lock> {
  for (;;) {
    const attempt = await tryLock(path, command, clock);
    if (attempt.kind === 'acquired') return attempt.lock;
    await sleep(clock, 100, signal);
    signal?.throwIfAborted();
  }
}

/**
 * Two that both found the same stale lock must not both remove it: the slower would remove the lock that the faster has made since.
 * So one at a time, and only what is still the same.
 */
async function removeStale(path: string, seen: string, text: string, clock: Clock): Promise<void> {
  const guard = `${path}.takeover`;
  if (!(await createWhole(guard, text))) {
    const guarded = await readIfThere(guard);
    const holder = guarded === undefined ? undefined : parseRecord(guarded);
    if (guarded !== undefined && (holder === undefined || !(await isRunning(holder)))) await removeIfUnchanged(guard, guarded);
    await sleep(clock, 20);
    return;
  }
  try {
    await removeIfUnchanged(path, seen);
  } finally {
    await rm(guard, { force: true });
  }
}

/** Creates the file with all its content, or answers false when it is there already: nobody ever sees it half written. */
async function createWhole(path: string, text: string): Promise<boolean> {
  const part = `${path}.${randomUUID()}`;
  await writeFile(part, text, { mode: 0o600, flag: 'wx' });
  try {
    await link(part, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(part, { force: true });
  }
}

async function removeIfUnchanged(path: string, text: string): Promise<void> {
  if ((await readIfThere(path)) === text) await rm(path, { force: true });
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
