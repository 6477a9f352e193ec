import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../contract/clock.js';
import { lockHome, tryLock, waitForLock } from './lock.js';
import { identify } from './process-identity.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stigmer-lock-'));
  path = join(folder, 'supervisor.lock');
});

afterEach(() => rm(folder, { recursive: true }));

const acquire = async () => {
  const attempt = await tryLock(path, 'test', systemClock);
  if (attempt.kind === 'held') throw new Error('held');
  return attempt.lock;
};

describe('tryLock', () => {
  it('is held by one at a time', async () => {
    const lock = await acquire();
    expect(await tryLock(path, 'second', systemClock)).toMatchObject({ kind: 'held', by: { pid: process.pid, command: 'test' } });
    await lock.release();
    await (await acquire()).release();
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ['a process that is gone', { pid: 2 ** 22 + 1, startTime: 'x', command: 'old' }],
    ['a process whose pid another has now', { pid: process.pid, startTime: 'x', command: 'old' }],
    ['nobody, because it is damaged', 'gibberish'],
  ])('takes over the lock of %s', async (_, content) => {
    await writeFile(path, JSON.stringify(content));
    await (await acquire()).release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('lets exactly one of many take over a stale lock, also when a takeover was interrupted', async () => {
    for (let round = 0; round < 20; round += 1) {
      const stale = JSON.stringify({ pid: 2 ** 22 + 1, startTime: 'x', command: 'old' });
      await writeFile(path, stale);
      if (round % 2 === 0) await writeFile(`${path}.takeover`, stale);
      const attempts = await Promise.all(Array.from({ length: 8 }, () => tryLock(path, 'test', systemClock)));
      const winners = attempts.flatMap((attempt) => (attempt.kind === 'acquired' ? [attempt.lock] : []));
      expect(winners).toHaveLength(1);
      await winners[0]!.release();
    }
  });

  it('does not release what another holds by now', async () => {
    const lock = await acquire();
    const other = JSON.stringify({ ...(await identify(process.ppid))!, command: 'other' });
    await writeFile(path, other);
    await lock.release();
    expect(await tryLock(path, 'test', systemClock)).toMatchObject({ kind: 'held', by: { command: 'other' } });
  });
});

describe('lockHome', () => {
  it('says which process holds the home and what to run', async () => {
    const lock = await lockHome(path, '/home/me/.stigmer', 'stigmer-server start', systemClock);
    await expect(lockHome(path, '/home/me/.stigmer', 'again', systemClock)).rejects.toThrow(
      new RegExp(`a supervisor for /home/me/.stigmer is running already: stigmer-server start \\(pid ${process.pid}\\)\\. .*\`stigmer server stop\``),
    );
    await lock.release();
  });
});

describe('waitForLock', () => {
  it('waits until the lock is released', async () => {
    const first = await acquire();
    const order: string[] = [];
    const second = waitForLock(path, 'second', systemClock).then((lock) => {
      order.push('second');
      return lock;
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    order.push('first');
    await first.release();
    await (await second).release();
    expect(order).toEqual(['first', 'second']);
  });

  it('gives up when it is aborted', async () => {
    const lock = await acquire();
    const giveUp = new AbortController();
    const waiting = waitForLock(path, 'second', systemClock, giveUp.signal);
    giveUp.abort();
    await expect(waiting).rejects.toThrow('aborted');
    await lock.release();
  });
});
