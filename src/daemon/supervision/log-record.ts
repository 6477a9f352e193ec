import type { OutputStream } from './child.js';

/** Severity, least first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One line of a log file, as JSON. Further fields are those that the component itself wrote. */
export interface LogRecord {
  /** UTC, ISO 8601 with milliseconds. */
  readonly time: string;
  readonly component: string;
  readonly level: LogLevel;
  readonly msg: string;
  /** Where a line came from that was not JSON itself. */
  readonly stream?: OutputStream;
  readonly [field: string]: unknown;
}

/** True when `level` is at least as severe as `floor`. */
export function isAtLeast(level: LogLevel, floor: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(floor);
}

/**
 * Makes a log record of a line that a component printed. A JSON object keeps its fields, with time and level in our form (levels
 * also as the numbers that pino uses) and `component` set by us. Anything else becomes `msg`; printed on stderr it counts as a
 * warning, because a program that logs in JSON prints there only what it could not log (a stack trace, a loader's complaint).
 *
 * @param now milliseconds since 1970, used when the line has no time of its own
 */
export function toLogRecord(component: string, stream: OutputStream, line: string, now: number): LogRecord {
  const fields = parseObject(line);
  const plainLevel = stream === 'stderr' ? 'warn' : 'info';
  if (fields === undefined) return { time: new Date(now).toISOString(), component, level: plainLevel, msg: line, stream };
  const { time, component: _given, level, msg, message, ...rest } = fields;
  return {
    time: isoTime(time) ?? new Date(now).toISOString(),
    component,
    level: levelOf(level) ?? plainLevel,
    msg: text(msg ?? message),
    ...rest,
  };
}

/** Reads a record back from a line of a log file. A line that is none (cut off by a crash) becomes the `msg` of one with the time given. */
export function parseLogRecord(component: string, line: string, fallbackTime: string): LogRecord {
  const fields = parseObject(line);
  const level = levelOf(fields?.['level']);
  const time = isoTime(fields?.['time']);
  if (fields === undefined || level === undefined || time === undefined) return { time: fallbackTime, component, level: 'info', msg: line };
  return { ...fields, time, component, level, msg: text(fields['msg']) };
}

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Not JSON after all: the caller keeps the line as text.
    return undefined;
  }
}

function isoTime(value: unknown): string | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

function levelOf(value: unknown): LogLevel | undefined {
  if (typeof value === 'number') return LOG_LEVELS[Math.min(Math.max(Math.floor(value / 10), 1), LOG_LEVELS.length) - 1];
  if (typeof value !== 'string') return undefined;
  const name = value.toLowerCase();
  return LOG_LEVELS.find((level) => level === name || (level === 'warn' && name === 'warning'));
}

function text(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
