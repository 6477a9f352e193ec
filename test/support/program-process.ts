import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

type LogLine = Readonly<Record<string, unknown>>;

/** One of our programs as a process of its own, which logs JSON lines on standard output. */
export class ProgramProcess {
  readonly process: ChildProcess;
  /** When it is gone and its output was read. */
  readonly ended: Promise<unknown>;
  readonly lines: LogLine[] = [];
  /** What it wrote to standard error. */
  errors = '';
  readonly #waiting: { readonly message: string; readonly resolve: (line: LogLine) => void }[] = [];

  /** `env` is all that it gets, beside PATH. */
  constructor(file: string, env: Readonly<Record<string, string>>) {
    this.process = spawn(process.execPath, [file], { env: { PATH: process.env['PATH'] ?? '', ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    this.ended = once(this.process, 'close');
    this.process.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    if (this.process.stdout) createInterface(this.process.stdout).on('line', (line) => this.#take(JSON.parse(line) as LogLine));
  }

  /** The first line whose message contains this, once it is there. The test's own time limit guards it. */
  said(message: string): Promise<LogLine> {
    const earlier = this.lines.find((line) => contains(line, message));
    return earlier ? Promise.resolve(earlier) : new Promise((resolve) => this.#waiting.push({ message, resolve }));
  }

  #take(line: LogLine): void {
    this.lines.push(line);
    for (const waiter of this.#waiting.filter(({ message }) => contains(line, message))) {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      waiter.resolve(line);
    }
  }
}

function contains(line: LogLine, message: string): boolean {
  return String(line['msg']).includes(message);
}
