import { describe, expect, it } from 'vitest';
import { isAtLeast, parseLogRecord, toLogRecord } from './log-record.js';

const now = Date.UTC(2026, 10, 23, 4, 5, 6, 7);

describe('toLogRecord', () => {
  it('passes a JSON line through with the component added', () => {
    const line = JSON.stringify({ level: 'warn', time: '2026-11-23T05:00:00.000+01:00', msg: 'slow', component: 'other', execution: 'aex-1' });
    expect(toLogRecord('server', 'stdout', line, now)).toEqual({ time: '2026-11-23T04:00:00.000Z', component: 'server', level: 'warn', msg: 'slow', execution: 'aex-1' });
  });

  it('understands pino: levels as numbers, times in milliseconds', () => {
    const record = toLogRecord('server', 'stdout', JSON.stringify({ level: 50, time: now, msg: 'x' }), 0);
    expect(record).toMatchObject({ level: 'error', time: '2026-11-23T04:05:06.007Z' });
  });

  it('understands the Temporal dev server: levels in capitals, times in nanoseconds', () => {
    const line = '{"time":"2026-11-23T04:54:04.472757237Z","level":"WARN","msg":"Failed to poll for task.","service":"worker"}';
    expect(toLogRecord('temporal', 'stderr', line, now)).toEqual({
      time: '2026-11-23T04:54:04.472Z',
      component: 'temporal',
      level: 'warn',
      msg: 'Failed to poll for task.',
      service: 'worker',
    });
  });

  it('wraps a plain line with the time at which it came and the stream it came from', () => {
    expect(toLogRecord('runner', 'stderr', '{not json', now)).toEqual({
      time: '2026-11-23T04:05:06.007Z',
      component: 'runner',
      level: 'warn',
      msg: '{not json',
      stream: 'stderr',
    });
    expect(toLogRecord('runner', 'stdout', '[1]', now)).toMatchObject({ level: 'info', msg: '[1]' });
  });
});

describe('parseLogRecord', () => {
  it('reads back what was written', () => {
    const record = toLogRecord('server', 'stdout', '{"msg":"x","n":1}', now);
    expect(parseLogRecord('server', JSON.stringify(record), '')).toEqual(record);
  });

  it('keeps a line that a crash has cut off', () => {
    expect(parseLogRecord('server', '{"time":"2026', 'T')).toEqual({ time: 'T', component: 'server', level: 'info', msg: '{"time":"2026' });
  });
});

it('orders levels by severity', () => {
  expect(isAtLeast('error', 'warn')).toBe(true);
  expect(isAtLeast('info', 'warn')).toBe(false);
});
