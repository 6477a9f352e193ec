import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { zip, type ZipEntry } from '../../../test/support/zip.js';
import { ReadOnlyFiles } from './read-only-files.js';
import { skillFolder } from './skill-folder.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'stigmer-skill-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const unpack = (entries: readonly ZipEntry[], version = 'v1') => skillFolder(join(root, 'skills'), { version, archive: zip(entries), text: '' });

describe('skillFolder', () => {
  it('unpacks an archive once, with scripts that can be executed', async () => {
    const folder = await unpack([
      { name: 'SKILL.md', content: '# How to' },
      { name: 'scripts/run.sh', content: 'echo hi' },
    ]);
    expect(await readFile(join(folder, 'SKILL.md'), 'utf8')).toBe('# How to');
    expect((await stat(join(folder, 'scripts', 'run.sh'))).mode & 0o777).toBe(0o555);
    expect(await unpack([{ name: 'SKILL.md', content: 'another' }])).toBe(folder);
    expect(await readFile(join(folder, 'SKILL.md'), 'utf8')).toBe('# How to');
    expect(await readdir(join(root, 'skills'))).toEqual(['v1']);
  });

  it('writes the text of a skill that has no archive', async () => {
    const folder = await skillFolder(root, { version: 'text-1', archive: undefined, text: '# Alone' });
    expect(await readFile(join(folder, 'SKILL.md'), 'utf8')).toBe('# Alone');
  });

  it('can be asked for by many runs at a time', async () => {
    const entries = Array.from({ length: 20 }, (_, n) => ({ name: `${n}.txt`, content: String(n) }));
    const folders = await Promise.all(Array.from({ length: 8 }, () => unpack(entries)));
    expect(new Set(folders).size).toBe(1);
    expect(await readdir(folders[0] as string)).toHaveLength(20);
    expect(await readdir(join(root, 'skills'))).toEqual(['v1']);
  });

  it.each([
    ['leads out of its folder', { name: '../evil.txt', content: 'x' }],
    ['has an absolute path', { name: '/tmp/evil.txt', content: 'x' }],
    ['is a link', { name: 'link', content: '/etc/passwd', mode: 0o120777 }],
    ['says it is smaller than it is', { name: 'a.txt', content: 'x'.repeat(10_000), declaredSize: 5 }],
  ])('refuses an archive of which an entry %s, and leaves nothing behind', async (_what, entry) => {
    await expect(unpack([{ name: 'SKILL.md', content: 'x' }, entry])).rejects.toMatchObject({
      codeName: 'FAILED_PRECONDITION',
      message: expect.stringMatching(/^The archive of the skill cannot be used: /),
    });
    expect(await readdir(join(root, 'skills'))).toEqual([]);
    expect(await readdir(root)).toEqual(['skills']);
  });

  it('refuses what is no archive', async () => {
    await expect(skillFolder(root, { version: 'v', archive: Buffer.from('not a zip'), text: '' })).rejects.toThrow(/it is no ZIP file/);
  });
});

describe('ReadOnlyFiles', () => {
  it('can be read and not changed', async () => {
    const files = new ReadOnlyFiles(await unpack([{ name: 'SKILL.md', content: '# How to' }]), new AbortController().signal);
    expect(await files.read('/SKILL.md')).toMatchObject({ content: '# How to' });
    for (const answer of [await files.write(), await files.edit(), await files.delete()]) expect(answer.error).toMatch(/cannot be changed/);
  });
});
