import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EngineAnswer, type FakeEngine, fakeEngine } from '../../../test/support/fake-engine.js';
import { systemClock } from '../../contract/clock.js';
import { explainExit } from '../supervision/child-exit.js';
import type { RunningChild } from '../supervision/child.js';
import { startContainer } from './container-child.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stigmer-engine-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function start(answers: readonly EngineAnswer[]): Promise<{ child: RunningChild; fake: FakeEngine; lines: string[] }> {
  const fake = await fakeEngine(folder, answers);
  const lines: string[] = [];
  const sink = { lines: (_stream: string, printed: readonly string[]) => void lines.push(...printed) };
  const options = {
    name: 'c1',
    image: 'i',
    hostname: 'h',
    labels: {},
    user: '1000:1000',
    envFile: '/env',
    mounts: [],
    limits: { memory: '2g', cpus: '1', pids: 10 },
  };
  return { child: await startContainer(fake.engine, options, sink, systemClock), fake, lines };
}

const removals = (commands: string[][]): string[][] => commands.filter(([verb]) => verb === 'rm');

describe('a container as a child', () => {
  it('hands on what it prints and how it ends, and is removed then', async () => {
    const { child, fake, lines } = await start([{ when: ['run'], out: 'hello', err: 'STIGMER_BACKEND_ENDPOINT is not set', code: 2 }]);
    const exit = await child.exited;
    expect(exit).toMatchObject({ code: 2, asked: false });
    expect(lines.toSorted()).toEqual(['STIGMER_BACKEND_ENDPOINT is not set', 'hello']);
    expect(removals(await fake.commands())).toEqual([['rm', '--force', '--volumes', 'c1']]);
  });

  it('says when its end was for lack of memory', async () => {
    const { child } = await start([
      { when: ['run'], code: 137 },
      { when: ['inspect'], out: 'true' },
    ]);
    expect(explainExit(await child.exited)).toBe('exited with code 137; its last lines:\n  the container was ended because it took more memory than its limit of 2g');
  });

  it('takes the place of one of the same name that was left', async () => {
    const { child, fake } = await start([
      { when: ['ps'], out: 'c1\nc1-other' },
      { when: ['run'], stays: true },
    ]);
    expect((await fake.commands()).slice(0, 2).map(([verb]) => verb)).toEqual(['ps', 'rm']);
    await child.stop(2_000);
    expect(removals(await fake.commands())).toHaveLength(2);
  });

  it('tells what the engine complains of when it cannot be run', async () => {
    const { child } = await start([
      { when: ['run'], err: 'docker: no such image', code: 125 },
      { when: ['inspect'], err: 'No such container: c1', code: 1 },
    ]);
    expect(explainExit(await child.exited)).toMatch(/exited with code 125; its last lines:\n {2}docker: no such image\n {2}`.*docker inspect`: No such container: c1/);
  });
});
