import type { Clock } from './clock.js';

/** Now, in RFC 3339 and UTC with milliseconds: `2026-01-26T10:00:00.000Z`. The form of every time that the server writes as text. */
export function isoNow(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}

const TIMESTAMP = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?$/i;

/**
 * Milliseconds since 1970 of a time that a runner wrote; undefined for anything else. Beside RFC 3339 this reads times without a
 * zone, which mean UTC: the Python agent-runner writes `2026-01-26T10:00:00.123456`. Digits below a millisecond are dropped.
 */
export function parseTimestamp(text: string): number | undefined {
  const match = TIMESTAMP.exec(text);
  if (!match) return undefined;
  const [, date, time, fraction = '', zone = 'Z'] = match;
  const ms = Date.parse(`${date}T${time}${fraction.slice(0, 4)}${zone.toUpperCase()}`);
  return Number.isNaN(ms) ? undefined : ms;
}
