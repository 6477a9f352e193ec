import { readdirSync, readFileSync } from 'node:fs';

/**
 * Ids of the processes whose environment holds this entry, `NAME=value`. On Linux alone: elsewhere there is no way to look, and none are
 * found.
 */
export function processesMarked(entry: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      return readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(entry) ? [Number(name)] : [];
    } catch {
      // Gone meanwhile, or another user's.
      return [];
    }
  });
}

/** Sends a signal to a process group, and to marked processes that have left it. */
export function killMarked(group: number | undefined, entry: string, signal: NodeJS.Signals): void {
  killGroup(group, signal);
  for (const pid of processesMarked(entry)) send(pid, signal);
}

/** Sends a signal to a process group, if there is one. */
export function killGroup(group: number | undefined, signal: NodeJS.Signals): void {
  if (group !== undefined) send(-group, signal);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone already is what was wanted; one that has changed its user is beyond this process.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
