import { describe, expect, it } from 'vitest';
import { isoNow, parseTimestamp } from './timestamps.js';

const at = Date.UTC(2026, 0, 26, 10, 0, 0, 123);

describe('isoNow', () => {
  it('writes UTC with a Z, and is read again', () => {
    const text = isoNow({ now: () => at, setTimer: () => () => {} });
    expect(text).toBe('2026-01-26T10:00:00.123Z');
    expect(parseTimestamp(text)).toBe(at);
  });
});

describe('parseTimestamp', () => {
  it.each([
    ['2026-01-26T10:00:00.123456', at],
    ['2026-01-26T10:00:00', at - 123],
    ['2026-01-26 10:00:00.123', at],
    ['2026-01-26T12:00:00.123+02:00', at],
    ['2026-01-26T10:00:00.123456789z', at],
    ['2026-01-26T10:00:00.1', at - 23],
  ])('reads %s whatever the zone of this machine', (text, ms) => expect(parseTimestamp(text)).toBe(ms));

  it.each(['', 'now', '2026-01-26', '2026-13-26T10:00:00Z', '26.01.2026 10:00:00', '1769421600', '2026-01-26T10:00:00 UTC'])('does not guess at %j', (text) =>
    expect(parseTimestamp(text)).toBeUndefined(),
  );
});
