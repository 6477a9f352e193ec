import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { LogFileOptions } from './log-file.js';
import { LogFile } from './log-file.js';

let directory: string;
let errors: Error[];

function logFile(options: Partial<LogFileOptions> = {}): LogFile {
  return new LogFile({ directory, component: 'server', clock: new ManualClock(), onError: (error) => errors.push(error), ...options });
}

const read = (name: string): Record<string, unknown>[] =>
  readFileSync(join(directory, name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stigmer-log-'));
  errors = [];
});

afterEach(() => rmSync(directory, { recursive: true }));

describe('LogFile', () => {
  it('writes one JSON record a line, at once, for the user alone', () => {
    const log = logFile();
    log.lines('stdout', ['hello', '{"level":"error","msg":"bad"}']);
    log.record('info', 'restarted', { restarts: 1 });
    expect(read('server.log')).toEqual([
      { time: '2026-01-01T00:00:00.000Z', component: 'server', level: 'info', msg: 'hello', stream: 'stdout' },
      { time: '2026-01-01T00:00:00.000Z', component: 'server', level: 'error', msg: 'bad' },
      { time: '2026-01-01T00:00:00.000Z', component: 'server', level: 'info', msg: 'restarted', restarts: 1 },
    ]);
    expect(statSync(join(directory, 'server.log')).mode & 0o777).toBe(0o600);
    log.close();
  });

  it('keeps within its size and number of files, dropping the oldest', () => {
    const log = logFile({ maxBytes: 500, files: 3 });
    for (let line = 0; line < 40; line += 1) log.lines('stdout', [`line ${line}`]);
    log.close();
    expect(readdirSync(directory).toSorted()).toEqual(['server.log', 'server.log.1', 'server.log.2']);
    for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).size).toBeLessThanOrEqual(500);
    const kept = ['server.log.2', 'server.log.1', 'server.log'].flatMap(read).map((record) => record['msg']);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => `line ${40 - kept.length + index}`));
  });

  it('counts what an earlier supervisor has written to the file', () => {
    writeFileSync(join(directory, 'server.log'), `${'x'.repeat(490)}\n`);
    const log = logFile({ maxBytes: 500 });
    log.lines('stdout', ['new']);
    log.close();
    expect(read('server.log')).toHaveLength(1);
    expect(statSync(join(directory, 'server.log.1')).size).toBe(491);
  });

  it('does not glue a line to the half that a crash has left', () => {
    writeFileSync(join(directory, 'server.log'), '{"time":"20');
    const log = logFile();
    log.lines('stdout', ['whole']);
    log.close();
    const [half, whole] = readFileSync(join(directory, 'server.log'), 'utf8').split('\n');
    expect(half).toBe('{"time":"20');
    expect(JSON.parse(whole!)).toMatchObject({ msg: 'whole' });
  });

  it('goes on when the log cannot be written, tells once, and says how much was lost when it can be again', () => {
    const blocked = join(directory, 'blocked');
    writeFileSync(blocked, 'a file where the folder should be');
    const log = logFile({ directory: blocked });
    log.lines('stdout', ['one', 'two']);
    log.lines('stdout', ['three']);
    expect(errors).toHaveLength(1);
    rmSync(blocked);
    log.lines('stdout', ['four']);
    log.close();
    expect(read('blocked/server.log').map((record) => record['msg'])).toEqual(['3 lines were lost, because the log could not be written', 'four']);
  });
});
