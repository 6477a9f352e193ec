import { mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sessionFolder } from './session-folder.js';
import { SessionFiles } from './session-files.js';

let outside: string;
let folder: string;
let files: SessionFiles;
const end = new AbortController();

beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'stigmer-files-'));
  folder = await sessionFolder(outside, 'ses-1');
  await writeFile(join(outside, 'secret.txt'), 'the secret of another session');
  await mkdir(join(outside, 'ses-2'));
  await writeFile(join(outside, 'ses-2', 'a.txt'), 'the secret of another session');
  files = new SessionFiles(folder, end.signal);
});
afterEach(() => rm(outside, { recursive: true, force: true }));

describe('sessionFolder', () => {
  it.each(['..', '../x', 'a/b', '', '.threads', 'a\0b'])('refuses %j', async (id) => {
    await expect(sessionFolder(outside, id)).rejects.toThrow(/session_id/);
  });
});

describe('SessionFiles', () => {
  it('writes, reads, lists, edits, finds, searches and deletes', async () => {
    expect(await files.write('/src/a.ts', 'one\ntwo\nthree\n')).toMatchObject({ path: '/src/a.ts' });
    expect(await readFile(join(folder, 'src', 'a.ts'), 'utf8')).toBe('one\ntwo\nthree\n');
    expect(await files.read('/src/a.ts', 1, 1)).toMatchObject({ content: 'two', totalLines: 3 });
    expect(await files.ls('/')).toEqual({ files: [expect.objectContaining({ path: '/src/', is_dir: true })] });
    expect(await files.edit('/src/a.ts', 'two', '2')).toMatchObject({ occurrences: 1 });
    expect((await files.glob('**/*.ts')).files?.map(({ path }) => path)).toEqual(['/src/a.ts']);
    expect(await files.grep('2', '/', '*.ts')).toEqual({ matches: [{ path: '/src/a.ts', line: 2, text: '2' }] });
    expect(await files.grep('2', '/src/a.ts')).toEqual({ matches: [{ path: '/src/a.ts', line: 2, text: '2' }] });
    expect(await files.delete('/src')).toMatchObject({ path: '/src' });
    expect(await files.ls('/')).toEqual({ files: [] });
  });

  const ways = ['/../secret.txt', '../secret.txt', '/x/../../secret.txt', '/..\\secret.txt', '/link', '/folder/secret.txt', '/folder/ses-2/a.txt', '~/secret.txt'];

  it.each(ways)('does not read, write, edit or delete by way of %s', async (path) => {
    await symlink(join(outside, 'secret.txt'), join(folder, 'link'));
    await symlink(outside, join(folder, 'folder'));
    const { error } = await files.read(path);
    expect(error).toMatch(/workspace|must not hold|not found|Error/);
    expect((await files.readRaw(path)).error).toBeDefined();
    expect((await files.write(path, 'x')).error).toBeDefined();
    expect((await files.edit(path, 'secret', 'x')).error).toBeDefined();
    // Of a link itself, only the link is deleted.
    await files.delete(path);
    expect((await files.grep('secret', path)).matches ?? []).toEqual([]);
    expect(await readFile(join(outside, 'secret.txt'), 'utf8')).toBe('the secret of another session');
  });

  it('writes no new file beyond a link', async () => {
    await symlink(outside, join(folder, 'folder'));
    expect((await files.write('/folder/new.txt', 'x')).error).toMatch(/leads out of the workspace/);
    expect((await files.write('/folder/deep/new.txt', 'x')).error).toMatch(/leads out of the workspace/);
    await symlink(join(outside, 'not-there'), join(folder, 'dangling'));
    expect((await files.write('/dangling', 'x')).error).toBeDefined();
  });

  it('deletes a link, not what it leads to', async () => {
    await symlink(join(outside, 'ses-2'), join(folder, 'link'));
    expect(await files.delete('/link')).toMatchObject({ path: '/link' });
    expect(await readFile(join(outside, 'ses-2', 'a.txt'), 'utf8')).toContain('secret');
  });

  it.each(['../*', '/../**', '{..,x}/*', 'folder/*', 'folder/**', '{folder,x}/*.txt', '@(folder)/*', '**/../../*', '.{.,}/*'])(
    'finds nothing outside by the pattern %s',
    async (pattern) => {
      await symlink(outside, join(folder, 'folder'));
      expect((await files.glob(pattern)).files ?? []).toEqual([]);
      expect((await files.grep('secret', '/', pattern)).matches ?? []).toEqual([]);
    },
  );

  it('tells nobody where on the machine it is', async () => {
    const answers = [await files.read('/no/file'), await files.edit('/no', 'a', 'b'), await files.delete('/no'), await files.write('/a\0b', ''), await files.ls('/no')];
    await files.write('/file', 'x');
    answers.push(await files.write('/file/below', 'x'), await files.read('/file/below'), await files.write('/', 'x'));
    for (const { error } of answers) {
      expect(error).toBeDefined();
      expect(error).not.toContain(outside.slice(1));
    }
  });

  it('refuses files over the limit, with both numbers', async () => {
    await writeFile(join(folder, 'large.txt'), '');
    await truncate(join(folder, 'large.txt'), 11 * 1024 * 1024);
    expect((await files.read('/large.txt')).error).toBe("'/large.txt' has 11534336 bytes, the limit is 10485760");
    expect((await files.write('/x', 'x'.repeat(11 * 1024 * 1024))).error).toMatch(/has 11534336 bytes, the limit is 10485760/);
    expect(await files.grep('\0', '/')).toEqual({ matches: [] });
  });

  it('gives so many matches and says that there are more', async () => {
    await files.write('/many.txt', 'match\n'.repeat(20));
    expect((await files.grep('match', '/', null, 20)).truncated).toBeUndefined();
    const { matches, truncated } = await files.grep('match', '/', null, 5);
    expect([matches?.length, truncated]).toEqual([5, true]);
  });

  it('keeps within the workspace whatever the path', async () => {
    await symlink(outside, join(folder, 'folder'));
    const part = fc.constantFrom('..', '.', '', 'folder', 'ses-2', 'secret.txt', 'a.txt', '~', '*', 'x');
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 6 }), fc.constantFrom('/', '', '\\', './'), async (parts, lead) => {
        const path = lead + parts.join('/');
        expect(JSON.stringify(await files.read(path))).not.toContain('the secret of');
        expect((await files.grep('secret of', path)).matches ?? []).toEqual([]);
        expect(((await files.ls(path)).files ?? []).map((file) => file.path).filter((found) => found.includes('secret'))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
