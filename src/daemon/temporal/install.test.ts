import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../contract/clock.js';
import { CannotFetch, installBinary } from './install.js';
import { binaryPath, findInstalled, installFolder } from './installed.js';
import { TEMPORAL_VERSION } from './pins.js';
import type { FindContext } from './way.js';

let stateDir: string;
let context: FindContext;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const fetchProgram =
  (text = 'program') =>
  async (file: string): Promise<string> => {
    await writeFile(file, text, { mode: 0o755 });
    return sha256(text);
  };

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'stigmer-install-'));
  context = { stateDir, env: {}, platform: 'linux-x64', progress: () => undefined, clock: systemClock };
});

afterEach(() => rm(stateDir, { recursive: true }));

describe('installBinary', () => {
  it('installs what was fetched, executable and stamped, and leaves nothing else behind', async () => {
    const path = binaryPath(installFolder(stateDir));
    expect(await installBinary(context, 'test', fetchProgram())).toEqual({ path, version: TEMPORAL_VERSION });
    expect((await stat(path)).mode & 0o777).toBe(0o755);
    expect(await findInstalled(stateDir)).toEqual({ path, version: TEMPORAL_VERSION });
    expect((await readdir(installFolder(stateDir))).toSorted()).toEqual(['temporal', 'temporal.json']);
  });

  it('lets one fetch for all that come at the same time', async () => {
    let fetched = 0;
    const fetch = async (file: string): Promise<string> => {
      fetched += 1;
      return fetchProgram()(file);
    };
    const found = await Promise.all(Array.from({ length: 4 }, () => installBinary(context, 'test', fetch)));
    expect(fetched).toBe(1);
    expect(new Set(found.map((finding) => 'path' in finding && finding.path))).toEqual(new Set([binaryPath(installFolder(stateDir))]));
  });

  it('skips with the reason when it cannot be fetched, and leaves nothing behind', async () => {
    const finding = await installBinary(context, 'test', async (file) => {
      await writeFile(file, 'half');
      throw new CannotFetch('the line went dead');
    });
    expect(finding).toEqual({ skipped: 'the line went dead' });
    expect(await readdir(installFolder(stateDir))).toEqual([]);
  });

  it('clears away what an interrupted installation has left', async () => {
    await installBinary(context, 'test', async (_file, folder) => {
      await writeFile(join(folder, 'left.whl'), 'x');
      throw new CannotFetch('killed');
    });
    await installBinary(context, 'test', async (file, folder) => {
      expect(await readdir(folder)).toEqual([]);
      return fetchProgram()(file);
    });
  });
});

describe('findInstalled', () => {
  it('accepts a copy whose times have changed but not its content, and notes the new times', async () => {
    await installBinary(context, 'test', fetchProgram());
    const path = binaryPath(installFolder(stateDir));
    await utimes(path, 1, 1);
    const stamp = join(installFolder(stateDir), 'temporal.json');
    const before = await readFile(stamp, 'utf8');
    expect(await findInstalled(stateDir)).toMatchObject({ path });
    expect(await readFile(stamp, 'utf8')).not.toBe(before);
  });

  it('refuses a copy that was changed, with both hashes, and lets it be installed anew', async () => {
    await installBinary(context, 'test', fetchProgram());
    const path = binaryPath(installFolder(stateDir));
    await writeFile(path, 'tampered');
    expect(await findInstalled(stateDir)).toEqual({ skipped: `${path} was changed since it was installed (SHA-256 ${sha256('tampered')}, expected ${sha256('program')})` });
    expect(await installBinary(context, 'test', fetchProgram())).toMatchObject({ path });
  });

  it('refuses a copy without a stamp', async () => {
    await installBinary(context, 'test', fetchProgram());
    await writeFile(join(installFolder(stateDir), 'temporal.json'), '{');
    expect(await findInstalled(stateDir)).toEqual({ skipped: `none in ${installFolder(stateDir)}` });
  });
});
