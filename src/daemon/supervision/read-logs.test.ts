import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { systemClock } from '../../contract/clock.js';
import { LogFile } from './log-file.js';
import type { LogRecord } from './log-record.js';
import type { ReadLogsOptions } from './read-logs.js';
import { loggedComponents, readLogs } from './read-logs.js';

const start = Date.UTC(2026, 0, 1);
let directory: string;
let clock: ManualClock;
let following: AbortController;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stigmer-logs-'));
  clock = new ManualClock(start);
  following = new AbortController();
});

afterEach(() => {
  following.abort();
  rmSync(directory, { recursive: true });
});

function logFile(component: string, maxBytes?: number): LogFile {
  return new LogFile({
    directory,
    component,
    clock,
    onError: (error) => {
      throw error;
    },
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
}

async function read(options: Partial<ReadLogsOptions> = {}): Promise<string[]> {
  const lines: string[] = [];
  for await (const { component, msg } of readLogs({ directory, clock: systemClock, ...options })) lines.push(`${component}: ${msg}`);
  return lines;
}

/** Two components, three lines each, a second apart and in turn. */
async function sixLines(): Promise<void> {
  const [server, worker] = [logFile('server'), logFile('worker')];
  for (let turn = 0; turn < 3; turn += 1) {
    server.record(turn === 1 ? 'error' : 'info', `s${turn}`, { execution: `aex-${turn}` });
    await clock.advance(1_000);
    worker.record('debug', `w${turn}`);
    await clock.advance(1_000);
  }
}

describe('readLogs', () => {
  it('merges the components by time', async () => {
    await sixLines();
    expect(await read()).toEqual(['server: s0', 'worker: w0', 'server: s1', 'worker: w1', 'server: s2', 'worker: w2']);
  });

  it('filters by component, level, time and text', async () => {
    await sixLines();
    expect(await read({ components: ['worker'] })).toEqual(['worker: w0', 'worker: w1', 'worker: w2']);
    expect(await read({ level: 'warn' })).toEqual(['server: s1']);
    expect(await read({ since: start + 3_000 })).toEqual(['worker: w1', 'server: s2', 'worker: w2']);
    expect(await read({ grep: /aex-2|w0/g })).toEqual(['worker: w0', 'server: s2']);
  });

  it('gives the last of what passes the filters', async () => {
    await sixLines();
    expect(await read({ tail: 2 })).toEqual(['server: s2', 'worker: w2']);
    expect(await read({ tail: 1, components: ['server'], level: 'error' })).toEqual(['server: s1']);
    expect(await read({ tail: 0 })).toEqual([]);
  });

  it('reads through rotated files, oldest first', async () => {
    const log = logFile('server', 300);
    for (let line = 0; line < 9; line += 1) {
      log.record('info', `line ${line}`);
      await clock.advance(1_000);
    }
    const all = Array.from({ length: 9 }, (_, line) => `server: line ${line}`);
    expect(await read()).toEqual(all);
    expect(await read({ tail: 5 })).toEqual(all.slice(-5));
  });

  it('does not open files that are older than what is wanted', async () => {
    const log = logFile('server');
    log.record('info', 'new');
    renameSync(join(directory, 'server.log'), join(directory, 'server.log.1'));
    writeFileSync(join(directory, 'server.log'), '');
    const old = new Date(start - 10_000);
    for (const name of ['server.log', 'server.log.1']) utimesSync(join(directory, name), old, old);
    expect(await read({ since: start })).toEqual([]);
    expect(await read({ since: start, tail: 5 })).toEqual([]);
  });

  it('follows what is written later, through rotations and in components that appear later, leaving nothing out', async () => {
    const server = logFile('server', 2_000);
    server.record('info', '0');
    const records = readLogs({ directory, clock: systemClock, follow: true, pollMs: 1, signal: following.signal, tail: 10 });
    const seen: LogRecord[] = [];
    const collect = async (wanted: number): Promise<void> => {
      while (seen.length < wanted) {
        const next = await records.next();
        if (next.done === true) throw new Error('the stream ended');
        seen.push(next.value);
      }
    };
    await collect(1);
    for (let round = 0; round < 30; round += 1) {
      for (let line = 0; line < 10; line += 1) server.record('info', String(round * 10 + line + 1));
      await collect((round + 1) * 10 + 1);
    }
    expect(seen.map(({ msg }) => msg)).toEqual(Array.from({ length: 301 }, (_, line) => String(line)));
    logFile('worker').record('info', 'hello');
    await collect(302);
    expect(seen.at(-1)).toMatchObject({ component: 'worker', msg: 'hello' });
  });

  it('ends a follow when it is aborted', async () => {
    logFile('server').record('info', 'x');
    const records = readLogs({ directory, clock: systemClock, follow: true, signal: following.signal });
    await records.next();
    const next = records.next();
    following.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('leaves a line that is still being written for the next look', async () => {
    const path = join(directory, 'server.log');
    const line = JSON.stringify({ time: '2026-01-01T00:00:00.000Z', component: 'server', level: 'info', msg: 'ä whole' });
    writeFileSync(path, line.slice(0, 20));
    const records = readLogs({ directory, clock: systemClock, follow: true, pollMs: 1, signal: following.signal });
    const next = records.next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    writeFileSync(path, `${line}\n`);
    expect((await next).value).toMatchObject({ msg: 'ä whole' });
  });

  it('says so when there are no logs at all', async () => {
    await expect(loggedComponents(join(directory, 'none'))).rejects.toThrow('there are no logs in');
  });
});
