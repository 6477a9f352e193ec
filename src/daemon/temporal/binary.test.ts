import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../contract/clock.js';
import { findTemporalBinary } from './binary.js';
import { configuredBinary } from './configured.js';
import { binaryOnPath } from './on-path.js';
import type { FindContext, Way } from './way.js';

let folder: string;
let context: FindContext;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stigmer-binary-'));
  context = { stateDir: join(folder, 'state'), env: { PATH: '' }, platform: 'linux-x64', progress: () => undefined, clock: systemClock };
});

afterEach(() => rm(folder, { recursive: true }));

async function program(path: string, output: string, mode = 0o755): Promise<string> {
  const file = join(folder, path);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, `#!/bin/sh\necho '${output}'\n`);
  await chmod(file, mode);
  return file;
}

const VERSION = 'temporal version 1.7.2 (Server 1.30.0, UI 2.50.0)';
const dead = (name: string): Way => ({ name, find: () => Promise.resolve({ skipped: `no ${name} here` }) });

describe('findTemporalBinary', () => {
  it('takes the first way that leads to a binary, and says which', async () => {
    const path = await program('bin/temporal', VERSION);
    const found = await findTemporalBinary([dead('a'), configuredBinary(path), dead('b')], context);
    expect(found).toEqual({ path, version: '1.7.2', foundBy: 'STIGMER_TEMPORAL_BIN' });
  });

  it('lists every way with its reason, and what to do, when none does', async () => {
    const error = await findTemporalBinary([configuredBinary(undefined), binaryOnPath, dead('download')], context).catch((e: unknown) => e as Error);
    expect((error as Error).message).toMatch(
      /Tried:\n {2}- STIGMER_TEMPORAL_BIN: not set\n {2}- PATH: no program `temporal` on it\n {2}- download: no download here\n[^]*STIGMER_TEMPORAL_BIN[^]*TEMPORAL_SERVICE_ADDRESS/,
    );
  });
});

describe('configuredBinary', () => {
  it('refuses what is not there, naming variable and path, and tries nothing else', async () => {
    const missing = join(folder, 'missing');
    await expect(findTemporalBinary([configuredBinary(missing), dead('a')], context)).rejects.toThrow(`STIGMER_TEMPORAL_BIN names ${missing}, which cannot be run`);
  });

  it('refuses another program', async () => {
    await expect(configuredBinary(await program('other', 'other 1.0')).find(context)).rejects.toThrow('so it is not the Temporal CLI');
  });
});

describe('binaryOnPath', () => {
  it('finds the first that can be executed', async () => {
    await program('first/temporal', VERSION, 0o644);
    await mkdir(join(folder, 'second/temporal'), { recursive: true });
    const path = await program('third/temporal', VERSION);
    const PATH = ['first', 'second', 'third'].map((name) => join(folder, name)).join(':');
    expect(await binaryOnPath.find({ ...context, env: { PATH } })).toEqual({ path, version: '1.7.2' });
  });

  it('passes over another program of that name', async () => {
    await program('bin/temporal', 'Temporal Logic Checker');
    expect(await binaryOnPath.find({ ...context, env: { PATH: join(folder, 'bin') } })).toEqual({ skipped: expect.stringContaining('is not the Temporal CLI') });
  });
});
