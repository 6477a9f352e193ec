import type { Clock } from '../contract/clock.js';
import { invalidArgument } from '../contract/errors.js';
import type { LogLine, LogQuery } from './control.js';
import type { Home } from './home.js';
import { LOG_LEVELS, type LogLevel, type LogRecord } from './supervision/log-record.js';
import { loggedComponents, readLogs } from './supervision/read-logs.js';

/** Fields that say nothing to a person: they stand in the line already, or are the same in every one. */
const SILENT_FIELDS = new Set(['time', 'component', 'level', 'msg', 'stream', 'hostname', 'v', 'name']);

/**
 * The lines of the logs that a query wants.
 *
 * @throws StigmerError INVALID_ARGUMENT for a level, an expression or a component that there is not; NOT_FOUND when there are no logs
 */
export async function* logLines(home: Home, query: LogQuery, signal: AbortSignal, clock: Clock): AsyncGenerator<LogLine, void, undefined> {
  const level = levelOf(query.level);
  const grep = expressionOf(query.grep);
  const components = await componentsOf(home, query.components);
  const records = readLogs({
    directory: home.logs,
    follow: query.follow,
    signal,
    clock,
    ...(components === undefined ? {} : { components }),
    ...(query.sinceMs === undefined ? {} : { since: clock.now() - query.sinceMs }),
    ...(level === undefined ? {} : { level }),
    ...(grep === undefined ? {} : { grep }),
    ...(query.tail === undefined ? {} : { tail: query.tail }),
  });
  for await (const record of records) {
    if (signal.aborted) return;
    yield toLine(record);
  }
}

function toLine(record: LogRecord): LogLine {
  const fields = Object.entries(record).flatMap(([name, value]) => (SILENT_FIELDS.has(name) || value === undefined ? [] : [`${name}=${show(value)}`]));
  return { time: record.time, component: record.component, level: record.level, text: [record.msg, ...fields].join(' ').trimEnd() };
}

function show(value: unknown): string {
  return typeof value === 'string' && /^\S+$/.test(value) ? value : JSON.stringify(value);
}

function levelOf(text: string | undefined): LogLevel | undefined {
  if (text === undefined) return undefined;
  const level = LOG_LEVELS.find((name) => name === text.toLowerCase() || (name === 'warn' && text.toLowerCase() === 'warning'));
  if (level === undefined) throw invalidArgument('level', `must be one of ${LOG_LEVELS.join(', ')} and is '${text}'`);
  return level;
}

function expressionOf(text: string | undefined): RegExp | undefined {
  if (text === undefined) return undefined;
  try {
    return new RegExp(text);
  } catch (error) {
    throw invalidArgument('grep', `must be a regular expression: ${(error as Error).message}`);
  }
}

/** A name stands for that component, or for all that are numbered by it: `agent-runner` for agent-runner-1, agent-runner-2. */
async function componentsOf(home: Home, names: readonly string[] | undefined): Promise<readonly string[] | undefined> {
  if (names === undefined || names.length === 0) return undefined;
  const logged = await loggedComponents(home.logs);
  return names.flatMap((name) => {
    const found = logged.filter((component) => component === name || (component.startsWith(`${name}-`) && /^\d+$/.test(component.slice(name.length + 1))));
    if (found.length === 0) throw invalidArgument('components', `there is no log of '${name}'; there are logs of ${logged.toSorted().join(', ')}`);
    return found;
  });
}
