import { describe, expect, it } from 'vitest';
import { formatAge, formatBytes, formatCount, formatDuration, parseDuration } from './format.js';

describe('formats for people', () => {
  it.each([
    [0, '0.0 s'],
    [321, '0.3 s'],
    [12_449, '12.4 s'],
    [59_970, '1 min'],
    [125_000, '2 min 5 s'],
    [3_600_000, '1 h'],
    [3_780_000, '1 h 3 min'],
    [187_200_000, '2 d 4 h'],
    [-5, '0.0 s'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('writes how long ago a time was, and what is no time as it is', () => {
    const now = Date.parse('2026-01-26T10:00:00Z');
    expect(formatAge('2026-01-26T09:59:48Z', now)).toBe('12 s');
    expect(formatAge('2026-01-26T08:30:00Z', now)).toBe('1 h');
    expect(formatAge('2026-01-20T10:00:00Z', now)).toBe('6 d');
    expect(formatAge('2026-01-26T10:00:05Z', now)).toBe('0 s');
    expect(formatAge('soon', now)).toBe('soon');
  });

  it('writes sizes and counts', () => {
    expect([512, 4300, 81_788_928].map(formatBytes)).toEqual(['512 B', '4.2 KB', '78 MB']);
    expect(formatCount(1, 'message')).toBe('1 message');
    expect(formatCount(1234n, 'message')).toBe('1,234 messages');
    expect(formatCount(2, 'entry', 'entries')).toBe('2 entries');
  });

  it('reads time spans as people type them', () => {
    expect(['10m', '1.5h', '500ms', '30S', ' 2d '].map(parseDuration)).toEqual([600_000, 5_400_000, 500, 30_000, 172_800_000]);
    expect(['', '10', 'm', '-5s', '1 week'].map(parseDuration)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });
});
