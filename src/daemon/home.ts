import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { failedPrecondition } from '../contract/errors.js';

/** Where everything of one home is. Paths are absolute. */
export interface Home {
  readonly root: string;
  /** All that we keep lies under it, apart from what the original keeps in the root. */
  readonly state: string;
  /** One file for each token: `user`, `worker`, and one by the name of each runner. */
  readonly tokens: string;
  readonly logs: string;
  readonly temporalDatabase: string;
  /** Notes of the processes that were started, for a supervisor that comes after a killed one. */
  readonly processes: string;
  /** The folder in which each session has its workspace. */
  readonly workspaces: string;
  readonly lock: string;
  readonly socket: string;
}

/** Longest path that a Unix socket may have everywhere (macOS: 104 bytes with the final zero). */
const LONGEST_SOCKET_PATH = 100;

/** The layout of the home at `root` (STIGMER_HOME). */
export function homeAt(root: string): Home {
  const absolute = resolve(root);
  const state = join(absolute, 'state');
  return {
    root: absolute,
    state,
    tokens: join(state, 'tokens'),
    logs: join(state, 'logs'),
    temporalDatabase: join(state, 'temporal', 'temporal.db'),
    processes: join(state, 'processes'),
    workspaces: join(state, 'workspaces'),
    lock: join(state, 'supervisor.lock'),
    socket: socketPath(state),
  };
}

/** Path of the note of the process of `component`. */
export function processRecordPath(home: Home, component: string): string {
  return join(home.processes, `${component}.json`);
}

/** Path of the token of `holder`. */
export function tokenPath(home: Home, holder: string): string {
  return join(home.tokens, holder);
}

/** Paths of the notes that there are. */
export async function processRecords(home: Home): Promise<string[]> {
  try {
    const names = await readdir(home.processes);
    return names.filter((name) => name.endsWith('.json')).map((name) => join(home.processes, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Makes the folders, which only the user may enter. State that others could enter so far is closed to them.
 *
 * @throws StigmerError FAILED_PRECONDITION when the place is not the user's own
 */
export async function prepareHome(home: Home): Promise<void> {
  for (const folder of [home.state, home.tokens, home.logs, home.processes, home.workspaces, dirname(home.socket)]) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw failedPrecondition(`${folder} cannot be made (${(error as Error).message}): set STIGMER_HOME to a folder that you may write to`, { cause: error });
    }
    await closeToOthers(folder, folder === home.workspaces);
  }
}

/** @param mayBeHandedOver root hands the workspaces to the user that its containers run as */
async function closeToOthers(folder: string, mayBeHandedOver: boolean): Promise<void> {
  const stats = await lstat(folder);
  const uid = process.getuid?.();
  const isOurs = uid === undefined || stats.uid === uid || (uid === 0 && mayBeHandedOver);
  if (!stats.isDirectory() || !isOurs) {
    throw failedPrecondition(`${folder} is not a folder of yours: set STIGMER_HOME to another folder`);
  }
  if ((stats.mode & 0o077) !== 0) await chmod(folder, 0o700);
}

/** In the state folder, or, where its path is too long for a socket, under /tmp in a folder of the user's own. */
function socketPath(state: string): string {
  const path = join(state, 'control.sock');
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return path;
  const digest = createHash('sha256').update(state).digest('hex').slice(0, 16);
  return join('/tmp', `stigmer-${process.getuid?.() ?? 'user'}-${digest}`, 'control.sock');
}
