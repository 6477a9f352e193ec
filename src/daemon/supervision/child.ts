import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Clock } from '../../contract/clock.js';
import { type StigmerError, internal } from '../../contract/errors.js';
import type { ChildExit } from './child-exit.js';
import { KEPT_LINES } from './child-exit.js';
import { LineSplitter } from './line-splitter.js';
import { signalGroup, signalProcess } from './signals.js';

/** How long to wait for the rest of the output of a child that is gone, before its pipes are closed from our side. */
const LAST_OUTPUT_MS = 1_000;

/** Which of a child's two outputs a line came from. */
export type OutputStream = 'stdout' | 'stderr';

/** Takes the lines of a child as they come. Called synchronously; must not throw. */
export interface LineSink {
  lines(stream: OutputStream, lines: readonly string[]): void;
}

/** What to run, and how. */
export interface ChildOptions {
  /** Path of the program (or a name on the PATH of `env`). Never a shell line. */
  readonly file: string;
  /** Arguments. They are visible to every user of the machine: no secrets. */
  readonly args: readonly string[];
  /** Working directory. Default: the supervisor's. */
  readonly cwd?: string;
  /** The whole environment of the child: nothing is added to it. See `inheritedEnv`. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * `pipe`: stdin is a pipe that stays open until the child is stopped or the supervisor dies, however it dies; our own programs
   * end when it ends. `ignore`: for programs that do not look at it.
   */
  readonly stdin: 'pipe' | 'ignore';
  readonly sink: LineSink;
  readonly clock: Clock;
}

/** A child process that has been started. */
export interface RunningChild {
  readonly pid: number;
  /** Settles when the process is gone and its output has been read. Never rejects. */
  readonly exited: Promise<ChildExit>;
  /**
   * SIGTERM to the process; SIGKILL to its whole group when it is still there after `graceMs`. Settles when it is gone. A repeated
   * call with a shorter grace shortens it.
   */
  stop(graceMs: number): Promise<ChildExit>;
}

/**
 * Starts a child process.
 *
 * The child leads a process group and session of its own (`detached`), for two reasons: a Ctrl-C in the supervisor's terminal
 * reaches the supervisor alone, which stops its children in order; and what the child has started itself can be ended with it.
 * When the child is gone, whatever is left of its group is killed.
 *
 * @throws StigmerError when the program cannot be started (missing, not executable).
 */
export async function startChild(options: ChildOptions): Promise<RunningChild> {
  const child = spawn(options.file, options.args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...options.env },
    stdio: [options.stdin, 'pipe', 'pipe'],
    detached: true,
    windowsHide: true,
  });
  // Nothing is ever written to it; the error of a child that closes its end must not become an exception here.
  child.stdin?.on('error', () => undefined);
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw cannotStart(options, error);
  }
  return new SpawnedChild(child, options);
}

class SpawnedChild implements RunningChild {
  readonly pid: number;
  readonly exited: Promise<ChildExit>;
  readonly #clock: Clock;
  readonly #lastLines: string[] = [];
  #asked = false;
  #gone = false;
  #cancelKill: (() => void) | undefined;
  #killAt = Number.POSITIVE_INFINITY;

  constructor(child: ChildProcess, options: ChildOptions) {
    if (child.pid === undefined || child.stdout === null || child.stderr === null) throw new Error('a spawned child has a pid and two pipes');
    this.pid = child.pid;
    this.#clock = options.clock;
    this.#read(child.stdout, 'stdout', options.sink);
    this.#read(child.stderr, 'stderr', options.sink);
    this.exited = this.#untilGone(child);
  }

  async stop(graceMs: number): Promise<ChildExit> {
    if (this.#gone) return this.exited;
    if (!this.#asked) signalProcess(this.pid, 'SIGTERM');
    this.#asked = true;
    const killAt = this.#clock.now() + graceMs;
    if (killAt < this.#killAt) {
      this.#killAt = killAt;
      this.#cancelKill?.();
      this.#cancelKill = this.#clock.setTimer(graceMs, () => signalGroup(this.pid, 'SIGKILL'));
    }
    return this.exited;
  }

  #read(stream: Readable, name: OutputStream, sink: LineSink): void {
    const splitter = new LineSplitter();
    const take = (lines: string[]): void => {
      if (lines.length === 0) return;
      this.#lastLines.push(...lines.slice(-KEPT_LINES));
      this.#lastLines.splice(0, this.#lastLines.length - KEPT_LINES);
      sink.lines(name, lines);
    };
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => take(splitter.push(chunk)));
    stream.on('close', () => take(splitter.end()));
    stream.on('error', () => stream.destroy());
  }

  async #untilGone(child: ChildProcess): Promise<ChildExit> {
    const closed = new Promise<void>((resolve) => {
      child.once('close', () => resolve());
    });
    const end = await new Promise<Pick<ChildExit, 'code' | 'signal'>>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    this.#gone = true;
    this.#cancelKill?.();
    // A grandchild that lives on would hold the pipes open, and nobody would ever end it.
    signalGroup(this.pid, 'SIGKILL');
    child.stdin?.destroy();
    const cancel = this.#clock.setTimer(LAST_OUTPUT_MS, () => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    });
    await closed;
    cancel();
    return { ...end, asked: this.#asked, lastLines: [...this.#lastLines] };
  }
}

function cannotStart(options: ChildOptions, error: unknown): StigmerError {
  return internal(`cannot start ${options.file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}
