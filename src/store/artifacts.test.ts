import { readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { storeFolder } from '../../test/support/temp-store.js';
import { Code } from '../contract/errors.js';

describe('artifacts', () => {
  it('are given back, replaced, listed and deleted by key', async () => {
    const { artifacts } = await (await storeFolder()).open();
    await artifacts.put('skills/skl-1/v1.zip', Buffer.from('one'));
    await artifacts.put('skills/skl-1/v1.zip', Buffer.from('two'));
    await artifacts.put('skills/skl-10/v1.zip', Buffer.from('three'));
    await artifacts.put('tool-results/a', Buffer.alloc(0));
    expect(await artifacts.get('skills/skl-1/v1.zip')).toEqual(Buffer.from('two'));
    expect(await artifacts.list('')).toEqual(['skills/skl-1/v1.zip', 'skills/skl-10/v1.zip', 'tool-results/a']);
    expect(await artifacts.list('skills/skl-1/')).toEqual(['skills/skl-1/v1.zip']);
    expect(await artifacts.list('skills/skl-1')).toEqual(['skills/skl-1/v1.zip', 'skills/skl-10/v1.zip']);
    expect(await artifacts.list('none/')).toEqual([]);
    await artifacts.delete('skills/skl-1/v1.zip');
    await artifacts.delete('skills/skl-1/v1.zip');
    expect([await artifacts.get('skills/skl-1/v1.zip'), await artifacts.get('none'), await artifacts.get('tool-results/a/b')]).toEqual([undefined, undefined, undefined]);
  });

  it('lie in files for their owner only, with nothing unfinished beside them', async () => {
    const place = await storeFolder();
    const { artifacts } = await place.open();
    await Promise.all(Array.from({ length: 20 }, () => artifacts.put('a/b', Buffer.from('same'))));
    expect(statSync(join(place.artifactsDir, 'a', 'b')).mode & 0o777).toBe(0o600);
    expect(statSync(join(place.artifactsDir, 'a')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(place.artifactsDir, '.unfinished'))).toEqual([]);
  });

  it.each(['', '/etc/passwd', '../x', 'a/../b', 'a/./b', 'a//b', 'a/', 'A', '.unfinished/x', 'a/b c', 'a\0', `a/${'x'.repeat(600)}`])(
    'refuse the key %j',
    async (key) => {
      const { artifacts } = await (await storeFolder()).open();
      const refused = { code: Code.INVALID_ARGUMENT, message: expect.stringMatching(/^key: must match/) };
      await expect(artifacts.put(key, Buffer.from('x'))).rejects.toMatchObject(refused);
      await expect(artifacts.get(key)).rejects.toMatchObject(refused);
      await expect(artifacts.delete(key)).rejects.toMatchObject(refused);
    },
  );

  it('refuse a prefix that leaves the folder', async () => {
    const { artifacts } = await (await storeFolder()).open();
    await expect(artifacts.list('a/../../')).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
  });

  it('say so when another key stands in the way', async () => {
    const { artifacts } = await (await storeFolder()).open();
    await artifacts.put('a/b', Buffer.from('x'));
    await expect(artifacts.put('a/b/c', Buffer.from('x'))).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION });
    await expect(artifacts.put('a', Buffer.from('x'))).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION });
  });

  it('forget on start what writers have left unfinished for a day', async () => {
    const place = await storeFolder();
    await (await place.open()).close();
    const unfinished = join(place.artifactsDir, '.unfinished');
    const at = (hours: number): Date => new Date(place.clock.now() - hours * 3_600_000);
    for (const [name, hours] of [['old', 25], ['fresh', 1]] as const) {
      writeFileSync(join(unfinished, name), 'x');
      utimesSync(join(unfinished, name), at(hours), at(hours));
    }
    await place.open();
    expect(readdirSync(unfinished)).toEqual(['fresh']);
  });
});
