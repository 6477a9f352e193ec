import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../contract/clock.js';
import type { LineSink, OutputStream } from './child.js';
import type { LogLevel, LogRecord } from './log-record.js';
import { toLogRecord } from './log-record.js';

const LINE_END = 10;

/** How large a component's logs may become. */
export interface LogLimits {
  /** Size at which a file is put aside, in bytes. Default 10 MiB. */
  readonly maxBytes?: number;
  /** How many files are kept, the current one included. Default 5. */
  readonly files?: number;
}

export interface LogFileOptions extends LogLimits {
  readonly directory: string;
  readonly component: string;
  readonly clock: Clock;
  /** Told once when writing begins to fail (disk full), and once more each time it fails anew after having worked. */
  readonly onError: (error: Error) => void;
}

/** Name of the file that `component` writes now (`generation` 0) or wrote before (1 is the latest of those). */
export function logFileName(component: string, generation: number): string {
  return generation === 0 ? `${component}.log` : `${component}.log.${generation}`;
}

/**
 * The log of one component: one JSON record a line, rotated by size. Files are readable by the user alone.
 *
 * Writes are synchronous. A line that was taken is in the file before the next one is read, so there is no queue that a chatty
 * component could fill, and what it said last before a crash is there.
 */
export class LogFile implements LineSink {
  readonly #options: LogFileOptions;
  readonly #maxBytes: number;
  readonly #files: number;
  #fd: number | undefined;
  #size = 0;
  #lost = 0;
  #torn = false;

  constructor(options: LogFileOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes ?? 10 * 1024 * 1024;
    this.#files = options.files ?? 5;
  }

  /** Takes lines that the component printed. */
  lines(stream: OutputStream, lines: readonly string[]): void {
    const now = this.#options.clock.now();
    this.#append(lines.map((line) => toLogRecord(this.#options.component, stream, line, now)));
  }

  /** Writes a record of our own about the component. */
  record(level: LogLevel, msg: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#append([{ ...fields, ...this.#own(level, msg) }]);
  }

  /** Closes the file; a later write opens it again. */
  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #own(level: LogLevel, msg: string): LogRecord {
    return { time: new Date(this.#options.clock.now()).toISOString(), component: this.#options.component, level, msg };
  }

  #append(records: readonly LogRecord[]): void {
    try {
      if (this.#lost > 0) this.#write([this.#own('warn', `${this.#lost} lines were lost, because the log could not be written`)]);
      this.#lost = 0;
      this.#write(records);
    } catch (error) {
      if (this.#lost === 0) this.#options.onError(error instanceof Error ? error : new Error(String(error)));
      this.#lost += records.length;
    }
  }

  #write(records: readonly LogRecord[]): void {
    const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
    let fd = this.#fd ?? this.#open();
    // What a failed write or a crash left of a line must not run into the next one.
    const bytes = Buffer.from(this.#torn ? `\n${text}` : text);
    if (this.#size > 0 && this.#size + bytes.length > this.#maxBytes) {
      this.#rotate();
      fd = this.#open();
    }
    for (let written = 0; written < bytes.length; ) {
      const count = writeSync(fd, bytes, written);
      written += count;
      this.#size += count;
      this.#torn = written < bytes.length;
    }
  }

  #open(): number {
    mkdirSync(this.#options.directory, { recursive: true, mode: 0o700 });
    const fd = openSync(this.#path(0), 'a+', 0o600);
    this.#fd = fd;
    this.#size = fstatSync(fd).size;
    const last = Buffer.alloc(1);
    this.#torn = this.#size > 0 && readSync(fd, last, 0, 1, this.#size - 1) === 1 && last[0] !== LINE_END;
    return fd;
  }

  #rotate(): void {
    this.close();
    rmSync(this.#path(this.#files - 1), { force: true });
    for (let generation = this.#files - 2; generation >= 0; generation -= 1) {
      try {
        renameSync(this.#path(generation), this.#path(generation + 1));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }

  #path(generation: number): string {
    return join(this.#options.directory, logFileName(this.#options.component, generation));
  }
}
