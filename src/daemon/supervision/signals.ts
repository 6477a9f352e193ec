/** Sends a signal to one process. A process that is already gone is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  send(pid, signal);
}

/** Sends a signal to every process of the group that `leader` leads. A group that is already gone is no error. */
export function signalGroup(leader: number, signal: NodeJS.Signals): void {
  send(-leader, signal);
}

function send(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // macOS answers EPERM for a group of which only a zombie is left.
    if (code !== 'ESRCH' && !(code === 'EPERM' && process.platform === 'darwin')) throw error;
  }
}
