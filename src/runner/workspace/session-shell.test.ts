import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../../test/support/rpc.js';
import { systemClock } from '../../contract/clock.js';
import { OutputTail } from './output-tail.js';
import { SessionShell, type ShellLimits } from './session-shell.js';

let folder: string;
let run: AbortController;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stigmer-shell-'));
  run = new AbortController();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const shell = (limits: Partial<ShellLimits> = {}, variables: Record<string, string> = {}) =>
  new SessionShell({ folder, signal: run.signal, variables, path: '/usr/local/bin:/usr/bin:/bin', clock: systemClock, limits });

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const pidIn = async (file: string): Promise<number> => {
  let text = '';
  await until(async () => {
    text = await readFile(join(folder, file), 'utf8').catch(() => '');
    return /^\d+\n/.test(text);
  });
  return Number(text);
};

describe('SessionShell', () => {
  it('runs a command in the folder of the session, and gives its output and exit code', async () => {
    await writeFile(join(folder, 'a.txt'), 'x');
    expect(await shell().execute('ls; echo wrong >&2; exit 3')).toMatchObject({ output: expect.stringMatching(/a\.txt[^]*wrong/), exitCode: 3, truncated: false });
  });

  it('has an environment that is built from nothing', async () => {
    process.env['A_SECRET_OF_THE_RUNNER'] = 'leaked';
    const { output } = await shell({}, { GITHUB_TOKEN: 'given' }).execute('env');
    delete process.env['A_SECRET_OF_THE_RUNNER'];
    const names = output.trim().split('\n').map((line) => line.split('=')[0]);
    expect(names.filter((name) => !['PATH', 'HOME', 'LANG', 'GITHUB_TOKEN', 'STIGMER_COMMAND', 'PWD', 'OLDPWD', 'SHLVL', '_'].includes(name as string))).toEqual([]);
    expect(output).toContain('GITHUB_TOKEN=given');
    expect(output).toContain(`HOME=${folder}`);
  });

  it('ends what takes too long, with its children', async () => {
    const { output, exitCode } = await shell({ timeMs: 300 }).execute('echo begun; sh -c "echo \\$\\$ > pid; sleep 60" & wait');
    expect(output).toBe('begun\n\n[The command was ended: it took longer than 0.3 s]');
    expect(exitCode).toBe(124);
    const child = await pidIn('pid');
    await until(() => !isAlive(child));
  });

  it('keeps the beginning and the end of much output, and ends a flood', async () => {
    const much = await shell({ outputBytes: 1000 }).execute('i=0; while [ $i -lt 2000 ]; do echo "line $i"; i=$((i+1)); done');
    expect(much.output).toMatch(/^line 0\n[^]*… \[\d+ bytes are left out\][^]*line 1999\n$/);
    expect(much).toMatchObject({ truncated: true, exitCode: 0 });
    const flood = await shell({ outputBytes: 1000, floodBytes: 1_000_000 }).execute('yes');
    expect(flood.output).toContain('[The command was ended: it printed more than 1000000 bytes]');
  });

  it('ends what multiplies', async () => {
    const { output } = await shell({ processes: 5 }).execute('for i in 1 2 3 4 5 6 7 8 9 10; do sleep 60 & done; wait');
    expect(output).toMatch(/\[The command was ended: it had \d+ processes, the limit is 5\]/);
  });

  it('is cut off with its children when the run ends, also with those that went their own way', async () => {
    const running = shell().execute('setsid sh -c "echo \\$\\$ > away; sleep 60" & trap "" TERM; sleep 60');
    const away = await pidIn('away');
    run.abort(new Error('the run is over'));
    await expect(running).rejects.toThrow('the run is over');
    await until(() => !isAlive(away));
    await expect(shell().execute('true')).rejects.toThrow('the run is over');
  });

  it('leaves nothing behind', async () => {
    await shell().execute('setsid sh -c "echo \\$\\$ > away; sleep 60" & sleep 0.3; echo done');
    const away = await pidIn('away');
    await until(() => !isAlive(away));
  });
});

describe('OutputTail', () => {
  it('keeps everything as long as it fits', () => {
    const tail = new OutputTail(10);
    for (const text of ['abc', 'defg', 'hij']) tail.push(Buffer.from(text));
    expect([tail.text, tail.isCut]).toEqual(['abcdefghij', false]);
    tail.push(Buffer.from('klm'));
    expect(tail.text).toBe('abcde\n… [3 bytes are left out]\nijklm');
  });
});
