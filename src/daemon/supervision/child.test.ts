import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../contract/clock.js';
import type { LineSink, RunningChild } from './child.js';
import { startChild } from './child.js';
import { describeExit, explainExit } from './child-exit.js';
import { inheritedEnv } from './inherited-env.js';
import { identify, isRunning } from './process-identity.js';

/** Collects lines, and lets a test wait for one. */
class Lines implements LineSink {
  readonly all: string[] = [];
  #wake: () => void = () => undefined;

  lines(stream: string, lines: readonly string[]): void {
    this.all.push(...lines.map((line) => `${stream}: ${line}`));
    this.#wake();
  }

  async until(wanted: string): Promise<string> {
    for (;;) {
      const found = this.all.find((line) => line.includes(wanted));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

let folder: string;
let sink: Lines;
const children: RunningChild[] = [];

async function run(script: string, env: Record<string, string> = inheritedEnv(process.env)): Promise<RunningChild> {
  const file = join(folder, `script-${children.length}.mjs`);
  await writeFile(file, script);
  const child = await startChild({ file: process.execPath, args: [file], env, stdin: 'pipe', sink, clock: systemClock });
  children.push(child);
  return child;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stigmer-child-'));
  sink = new Lines();
});

afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.stop(0)));
  await rm(folder, { recursive: true });
});

describe('startChild', () => {
  it('hands on what the child prints, line by line, and tells how it ended', async () => {
    const child = await run(`console.log('one\\ntwo'); console.error('wrong'); process.stdout.write('no line end', () => process.exit(3));`);
    const exit = await child.exited;
    expect(exit).toMatchObject({ code: 3, signal: null, asked: false });
    expect(sink.all.toSorted()).toEqual(['stderr: wrong', 'stdout: no line end', 'stdout: one', 'stdout: two']);
    expect(explainExit(exit)).toMatch(/^exited with code 3; its last lines:\n {2}/);
  });

  it('keeps the last twenty lines for the explanation', async () => {
    const child = await run(`for (let i = 1; i <= 50; i++) console.log('line ' + i);`);
    const { lastLines } = await child.exited;
    expect(lastLines).toHaveLength(20);
    expect(lastLines.at(-1)).toBe('line 50');
  });

  it('gives the child its environment and nothing else', async () => {
    const child = await run(`console.log(JSON.stringify(process.env));`, { ONLY: 'this' });
    await child.exited;
    expect(JSON.parse(sink.all[0]!.slice('stdout: '.length))).toEqual({ ONLY: 'this' });
  });

  it('stops a child by SIGTERM and waits for its farewell', async () => {
    const child = await run(`process.on('SIGTERM', () => { console.log('bye'); process.exit(0); }); setInterval(() => {}, 1e6); console.log('up');`);
    await sink.until('up');
    expect(await child.stop(10_000)).toMatchObject({ code: 0, asked: true });
    expect(sink.all).toContain('stdout: bye');
  });

  it('kills a child that does not heed SIGTERM once its grace is over', async () => {
    const child = await run(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6); console.log('up');`);
    await sink.until('up');
    const exit = await child.stop(50);
    expect(exit).toMatchObject({ code: null, signal: 'SIGKILL', asked: true });
    expect(describeExit(exit)).toBe('was ended by SIGKILL');
  });

  it('shortens the grace when asked again with less', async () => {
    const child = await run(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6); console.log('up');`);
    await sink.until('up');
    const patient = child.stop(600_000);
    await child.stop(0);
    expect(await patient).toMatchObject({ signal: 'SIGKILL' });
  });

  it('says of a kill from outside that it was not ours', async () => {
    const child = await run(`setInterval(() => {}, 1e6); console.log('up');`);
    await sink.until('up');
    process.kill(child.pid, 'SIGKILL');
    const exit = await child.exited;
    expect(describeExit(exit)).toContain('not by us');
  });

  it('ends what the child has started and left behind', async () => {
    const child = await run(`
      import { spawn } from 'node:child_process';
      const grandchild = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'inherit' });
      grandchild.once('spawn', () => { console.log('grandchild ' + grandchild.pid); setTimeout(() => process.exit(0), 50); });
    `);
    const line = await sink.until('grandchild ');
    const grandchild = await identify(Number(line.split(' ').at(-1)));
    await child.exited;
    expect(grandchild).toBeDefined();
    await expect.poll(() => isRunning(grandchild!), { timeout: 10_000 }).toBe(false);
  });

  it('does not wait for ever for a descendant that has left its group and holds its output open', async () => {
    const child = await run(`
      import { spawn } from 'node:child_process';
      const runaway = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'inherit', detached: true });
      runaway.once('spawn', () => { console.log('runaway ' + runaway.pid); setTimeout(() => process.exit(0), 50); });
    `);
    const runaway = Number((await sink.until('runaway ')).split(' ').at(-1));
    try {
      expect(await child.exited).toMatchObject({ code: 0 });
    } finally {
      process.kill(runaway, 'SIGKILL');
    }
  });

  it('keeps stdin open, so that a child which waits for its end lives until it is stopped', async () => {
    const child = await run(`process.stdin.resume(); process.stdin.on('end', () => process.exit(7)); console.log('up');`);
    await sink.until('up');
    expect(await Promise.race([child.exited, new Promise((resolve) => setTimeout(resolve, 50, 'alive'))])).toBe('alive');
    expect((await child.stop(5_000)).asked).toBe(true);
  });

  it('rejects when the program is not there, and names it', async () => {
    const missing = join(folder, 'missing');
    await expect(startChild({ file: missing, args: [], env: {}, stdin: 'ignore', sink, clock: systemClock })).rejects.toThrow(`cannot start ${missing}`);
  });

  it('can be read to the end by whoever comes later', async () => {
    const child = await run(`console.log('x')`);
    await child.exited;
    expect(await child.stop(0)).toMatchObject({ code: 0, asked: false });
    await expect(readFile(`/proc/${child.pid}/stat`)).rejects.toThrow('ENOENT');
  });
});

describe('inheritedEnv', () => {
  it('takes over where programs, home and temporary files are, and nothing else', () => {
    expect(inheritedEnv({ PATH: '/bin', HOME: '/h', TZ: 'UTC', OPENAI_API_KEY: 'secret', NODE_OPTIONS: '--inspect' })).toEqual({ PATH: '/bin', HOME: '/h', TZ: 'UTC' });
  });
});
