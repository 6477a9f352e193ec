import { readdir } from 'node:fs/promises';
import type { Clock } from '../../contract/clock.js';
import { Code, StigmerError } from '../../contract/errors.js';
import type { LogPart } from './log-cursor.js';
import { LogCursor, linesFrom, logParts, openPart } from './log-cursor.js';
import type { LogLevel, LogRecord } from './log-record.js';
import { isAtLeast, parseLogRecord } from './log-record.js';
import { mergeByTime } from './merge-by-time.js';
import { sleep } from './sleep.js';

/** Which lines are wanted; all given conditions hold. */
export interface ReadLogsOptions {
  readonly directory: string;
  /** Default: every component that has a log there. */
  readonly components?: readonly string[];
  /** Milliseconds since 1970: only lines of that time or later. */
  readonly since?: number;
  /** Only lines at least this severe. */
  readonly level?: LogLevel;
  /** Only lines whose message, or whose JSON text, it matches. */
  readonly grep?: RegExp;
  /** Only the last so many of the lines that are there already. */
  readonly tail?: number;
  /** Go on with what is written from now on, of components that appear later too, until `signal` is aborted. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
  readonly clock: Clock;
  /** Pause between two looks at the files while following, in milliseconds. Default 200. */
  readonly pollMs?: number;
}

/**
 * The components that have a log in `directory`.
 *
 * @throws StigmerError NOT_FOUND when there is no such directory
 */
export async function loggedComponents(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory);
    return names.filter((name) => name.endsWith('.log')).map((name) => name.slice(0, -'.log'.length));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new StigmerError(Code.NOT_FOUND, `there are no logs in ${directory}: nothing was started with this home yet`);
  }
}

/** Reads logs back, merged by time; what is followed comes in the order of its looks, each merged by time. */
export async function* readLogs(options: ReadLogsOptions): AsyncGenerator<LogRecord> {
  const reader = new LogReader(options);
  if (options.tail === undefined) yield* reader.news();
  else yield* await reader.last(options.tail);
  if (options.follow !== true) return;
  while (options.signal?.aborted !== true) {
    yield* reader.news();
    await sleep(options.clock, options.pollMs ?? 200, options.signal);
  }
}

class LogReader {
  readonly #options: ReadLogsOptions;
  readonly #since: string;
  readonly #cursors = new Map<string, LogCursor>();

  constructor(options: ReadLogsOptions) {
    this.#options = options;
    this.#since = options.since === undefined ? '' : new Date(options.since).toISOString();
  }

  /** Everything that is there and was not read yet. */
  async *news(): AsyncGenerator<LogRecord> {
    const sources: AsyncGenerator<LogRecord>[] = [];
    for (const component of await this.#components()) {
      const cursor = this.#cursors.get(component) ?? (await this.#begin(component));
      sources.push(this.#records(component, cursor.read()));
    }
    yield* mergeByTime(sources);
  }

  /** The last `count` of all that is there; `news` goes on behind it. */
  async last(count: number): Promise<LogRecord[]> {
    const found: LogRecord[] = [];
    for (const component of await this.#components()) found.push(...(await this.#lastOf(component, count)));
    return lastItems(
      found.sort((a, b) => (a.time < b.time ? -1 : Number(a.time > b.time))),
      count,
    );
  }

  /** Reads the newest file, then older ones until there are enough: what a screenful costs does not grow with what is kept. */
  async #lastOf(component: string, count: number): Promise<LogRecord[]> {
    const { directory } = this.#options;
    const [newest, ...older] = (await logParts(directory, component)).toReversed();
    if (newest === undefined) return [];
    const cursor = new LogCursor(directory, component);
    cursor.moveTo(newest, 0);
    this.#cursors.set(component, cursor);
    let found = await collectLast(this.#records(component, cursor.read()), count);
    for (const part of older) {
      if (found.length >= count || this.#isTooOld(part)) break;
      const handle = await openPart(directory, component, part);
      if (handle === undefined) break;
      try {
        found = [...(await collectLast(this.#records(component, textOf(linesFrom(handle, 0))), count - found.length)), ...found];
      } finally {
        await handle.close();
      }
    }
    return found;
  }

  async #begin(component: string): Promise<LogCursor> {
    const cursor = new LogCursor(this.#options.directory, component);
    const parts = await logParts(this.#options.directory, component);
    const first = parts.find((part) => !this.#isTooOld(part));
    const newest = parts.at(-1);
    if (first !== undefined) cursor.moveTo(first, 0);
    else if (newest !== undefined) cursor.moveTo(newest, newest.size);
    this.#cursors.set(component, cursor);
    return cursor;
  }

  async *#records(component: string, lines: AsyncIterable<string>): AsyncGenerator<LogRecord> {
    const { level, grep } = this.#options;
    let time = '';
    for await (const line of lines) {
      const record = parseLogRecord(component, line, time === '' ? new Date(this.#options.clock.now()).toISOString() : time);
      ({ time } = record);
      if (time < this.#since) continue;
      if (level !== undefined && !isAtLeast(record.level, level)) continue;
      if (grep !== undefined && record.msg.search(grep) < 0 && line.search(grep) < 0) continue;
      yield record;
    }
  }

  async #components(): Promise<readonly string[]> {
    if (this.#options.components !== undefined) return this.#options.components;
    return loggedComponents(this.#options.directory);
  }

  #isTooOld(part: LogPart): boolean {
    return this.#options.since !== undefined && part.writtenAt < this.#options.since;
  }
}

async function* textOf(lines: AsyncIterable<{ text: string }>): AsyncGenerator<string> {
  for await (const line of lines) yield line.text;
}

async function collectLast(records: AsyncIterable<LogRecord>, count: number): Promise<LogRecord[]> {
  const kept: LogRecord[] = [];
  for await (const record of records) {
    kept.push(record);
    if (kept.length > 2 * count + 100) kept.splice(0, kept.length - count);
  }
  return lastItems(kept, count);
}

function lastItems<T>(items: T[], count: number): T[] {
  return items.slice(Math.max(items.length - count, 0));
}
