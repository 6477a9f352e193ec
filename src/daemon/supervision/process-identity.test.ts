import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../contract/clock.js';
import { identify, isRunning } from './process-identity.js';
import { endRecorded, findRecorded, readProcessRecord, writeProcessRecord } from './process-record.js';

let folder: string;
let file: string;
const started: number[] = [];

/** A process that nobody supervises, as one that outlived its supervisor. */
async function stray(script = 'setInterval(() => {}, 1e6); console.log("up")'): Promise<{ pid: number; gone: Promise<unknown> }> {
  const child = spawn(process.execPath, ['-e', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  started.push(child.pid!);
  return { pid: child.pid!, gone: once(child, 'exit') };
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stigmer-process-'));
  file = join(folder, 'temporal.process.json');
});

afterEach(async () => {
  for (const pid of started.splice(0)) if ((await identify(pid)) !== undefined) process.kill(pid, 'SIGKILL');
  await rm(folder, { recursive: true });
});

describe('identify', () => {
  it('tells a process from another that has its pid later', async () => {
    const self = (await identify(process.pid))!;
    expect(await isRunning(self)).toBe(true);
    expect(await isRunning({ ...self, startTime: `${self.startTime}1` })).toBe(false);
  });

  it('is undefined for a process that is gone', async () => {
    const { pid, gone } = await stray();
    const identity = (await identify(pid))!;
    process.kill(pid, 'SIGKILL');
    await gone;
    expect(await identify(pid)).toBeUndefined();
    expect(await isRunning(identity)).toBe(false);
  });

  it.runIf(process.platform === 'linux')('counts a process that has ended but was not waited for as gone', async () => {
    // The shell's child ends at once; the program that the shell turns into never waits for it.
    const parent = spawn('/bin/sh', ['-c', '/bin/true & echo $!; exec sleep 1000'], { stdio: ['ignore', 'pipe', 'ignore'] });
    started.push(parent.pid!);
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    await expect.poll(async () => (await readFile(`/proc/${Number(line.toString())}/stat`, 'utf8')).includes(') Z '), { timeout: 10_000 }).toBe(true);
    expect(await identify(Number(line.toString()))).toBeUndefined();
  });
});

describe('process records', () => {
  it('find a process that runs, and only that one', async () => {
    const { pid } = await stray();
    await writeProcessRecord(file, pid, 'temporal');
    expect(await findRecorded(file)).toMatchObject({ pid, command: 'temporal' });
    const record = (await readProcessRecord(file))!;
    await writeFile(file, JSON.stringify({ ...record, startTime: 'another time' }));
    expect(await findRecorded(file)).toBeUndefined();
  });

  it('end a process that was left running, and are removed', async () => {
    const { pid, gone } = await stray();
    await writeProcessRecord(file, pid, 'temporal');
    expect(await endRecorded(file, 10_000, systemClock)).toMatchObject({ pid });
    await gone;
    expect(await readProcessRecord(file)).toBeUndefined();
  });

  it('kill one that does not heed', async () => {
    const { pid, gone } = await stray('process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6); console.log("up")');
    await writeProcessRecord(file, pid, 'temporal');
    await endRecorded(file, 30, systemClock);
    expect(await gone).toEqual([null, 'SIGKILL']);
  });

  it('never touch a process that merely has the same pid', async () => {
    const { pid } = await stray();
    await writeFile(file, JSON.stringify({ pid, startTime: 'long ago', command: 'temporal' }));
    expect(await endRecorded(file, 0, systemClock)).toBeUndefined();
    expect(await identify(pid)).toBeDefined();
  });

  it('are as good as none when they are damaged', async () => {
    await writeFile(file, '{"pid": -1, "startTime": "x"}');
    expect(await readProcessRecord(file)).toBeUndefined();
    await writeFile(file, '{');
    expect(await endRecorded(file, 0, systemClock)).toBeUndefined();
  });
});
