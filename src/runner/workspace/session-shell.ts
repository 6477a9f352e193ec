import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { ExecuteResponse, SandboxBackendProtocolV2 } from 'deepagents';
import type { Clock } from '../../contract/clock.js';
import { OutputTail } from './output-tail.js';
import { killMarked, processesMarked } from './marked-processes.js';
import { SessionFiles } from './session-files.js';

export interface SessionShellOptions {
  readonly folder: string;
  /** Ends what runs when it aborts. */
  readonly signal: AbortSignal;
  /** Variables of the run, given to every command. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where programs are looked for. */
  readonly path: string;
  readonly clock: Clock;
  readonly limits?: Partial<ShellLimits>;
}

export interface ShellLimits {
  /** Milliseconds that a command may take. */
  readonly timeMs: number;
  /** Bytes of output that are kept, from its beginning and its end. */
  readonly outputBytes: number;
  /** Bytes of output after which a command is ended. */
  readonly floodBytes: number;
  /** Processes of a command at a time. */
  readonly processes: number;
}

const defaultLimits: ShellLimits = { timeMs: 120_000, outputBytes: 128 * 1024, floodBytes: 64 * 1024 * 1024, processes: 256 };

/** How often the processes of a command are counted, and how long they get to end when they are asked to. */
const countMs = 500;
const graceMs = 500;

/** As `timeout` has it. */
const timedOut = 124;

/** Variable by which the processes of a command are found, wherever they have gone. */
const markVariable = 'STIGMER_COMMAND';

/**
 * The files of a session, and commands in its folder. A command's environment is built from nothing but PATH, HOME and the variables of
 * the run; it is ended with all of its processes when it takes too long, prints too much, multiplies, or the run ends. It has the rights
 * of this process: what keeps it from the rest of the machine is the container around it, if there is one.
 */
export class SessionShell extends SessionFiles implements SandboxBackendProtocolV2 {
  readonly id = 'session-shell';
  readonly #options: SessionShellOptions;
  readonly #limits: ShellLimits;

  constructor(options: SessionShellOptions) {
    super(options.folder, options.signal);
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
  }

  async execute(command: string): Promise<ExecuteResponse> {
    const { folder, signal, variables, path, clock } = this.#options;
    const { timeMs, outputBytes, floodBytes, processes } = this.#limits;
    signal.throwIfAborted();
    const mark = randomBytes(12).toString('hex');
    const output = new OutputTail(outputBytes);
    // A group of its own, so that it can be ended as a whole.
    const child = spawn('/bin/sh', ['-c', command], {
      cwd: folder,
      env: { PATH: path, HOME: folder, LANG: 'C.UTF-8', ...variables, [markVariable]: mark },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let ending: string | undefined;
    const end = (why: string): void => {
      if (ending !== undefined) return;
      ending = why;
      killMarked(child.pid, `${markVariable}=${mark}`, 'SIGTERM');
      clock.setTimer(graceMs, () => killMarked(child.pid, `${markVariable}=${mark}`, 'SIGKILL'));
    };
    const onAbort = (): void => end('the run ended');
    signal.addEventListener('abort', onAbort, { once: true });
    const cancelTime = clock.setTimer(timeMs, () => end(`it took longer than ${timeMs / 1000} s`));
    let cancelCount = (): void => undefined;
    const count = (): void => {
      const found = processesMarked(`${markVariable}=${mark}`).length;
      if (found > processes) end(`it had ${found} processes, the limit is ${processes}`);
      cancelCount = clock.setTimer(countMs, count);
    };
    cancelCount = clock.setTimer(countMs, count);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output.push(chunk);
        if (output.bytes > floodBytes) end(`it printed more than ${floodBytes} bytes`);
      });
    }
    try {
      const exitCode = await new Promise<number>((resolve, reject) => {
        child.on('error', reject);
        // Its output may be held open by something that it left behind: then the end of the shell is its end.
        child.on('exit', (code) => {
          const settle = (): void => resolve(code ?? timedOut);
          const cancel = clock.setTimer(graceMs, settle);
          child.on('close', () => {
            cancel();
            settle();
          });
        });
      });
      signal.throwIfAborted();
      const note = ending === undefined ? '' : `\n[The command was ended: ${ending}]`;
      return { output: output.text + note, exitCode: ending === undefined ? exitCode : timedOut, truncated: output.isCut };
    } finally {
      cancelTime();
      cancelCount();
      signal.removeEventListener('abort', onAbort);
      // Nothing that it left behind outlives it.
      killMarked(child.pid, `${markVariable}=${mark}`, 'SIGKILL');
    }
  }
}
