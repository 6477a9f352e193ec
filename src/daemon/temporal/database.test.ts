import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareDatabase } from './database.js';

let folder: string;
let file: string;
let notices: string[];

const prepare = (version: string): Promise<void> => prepareDatabase(file, version, (text) => notices.push(text));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stigmer-database-'));
  file = join(folder, 'temporal.db');
  notices = [];
});

afterEach(() => rm(folder, { recursive: true }));

describe('prepareDatabase', () => {
  it('stamps a new database with the version', async () => {
    await prepare('1.9.1');
    expect(await readFile(`${file}.version`, 'utf8')).toBe('1.9.1\n');
    expect(notices).toEqual([]);
  });

  it('leaves alone what the same version has used', async () => {
    await prepare('1.9.1');
    await writeFile(file, 'data');
    await prepare('1.9.1');
    expect((await readdir(folder)).toSorted()).toEqual(['temporal.db', 'temporal.db.version']);
  });

  it('keeps a copy, with its companions, before another version opens it, and says where', async () => {
    await prepare('1.8.0');
    await writeFile(file, 'data');
    await writeFile(`${file}-wal`, 'more');
    await prepare('1.9.1');
    expect(await readFile(`${file}.1.8.0.bak`, 'utf8')).toBe('data');
    expect(await readFile(`${file}.1.8.0.bak-wal`, 'utf8')).toBe('more');
    expect(notices).toEqual([expect.stringMatching(/version 1\.8\.0 .* 1\.9\.1; .*temporal\.db\.1\.8\.0\.bak$/)]);
    await prepare('1.9.1');
    expect(notices).toHaveLength(1);
  });

  it('keeps a copy of a database that nobody has stamped', async () => {
    await writeFile(file, 'data');
    await prepare('1.9.1');
    expect(await readFile(`${file}.unknown.bak`, 'utf8')).toBe('data');
  });
});
