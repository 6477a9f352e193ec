import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../../../test/support/refusal.js';
import { skillZip, zip, type ZipEntry } from '../../../../test/support/zip.js';
import { Code } from '../../../contract/errors.js';
import { readSkillArchive } from './archive.js';

const skillMd: ZipEntry = { name: 'SKILL.md', content: '# Review\n' };

describe('a skill archive', () => {
  it('gives SKILL.md and the hash of its bytes', async () => {
    const bytes = skillZip('# Review – très bien\n', [{ name: 'scripts/run.sh', content: 'echo hi' }]);
    const archive = await readSkillArchive(bytes);
    expect(archive).toEqual({ skillMd: '# Review – très bien\n', hash: createHash('sha256').update(bytes).digest('hex') });
  });

  it.each<[string, Uint8Array, string]>([
    ['no ZIP', Buffer.from('hello'), 'failed to extract SKILL.md'],
    ['an empty ZIP', zip([]), 'there is no SKILL.md at the root'],
    ['no SKILL.md', zip([{ name: 'README.md', content: 'x' }]), 'there is no SKILL.md at the root'],
    ['SKILL.md deeper down', zip([{ name: 'skill/SKILL.md', content: 'x' }]), 'there is no SKILL.md at the root'],
    ['an empty SKILL.md', skillZip(' \n'), 'SKILL.md is empty'],
    ['a SKILL.md that is not text', zip([{ name: 'SKILL.md', content: Buffer.from([0xff, 0xfe, 0x00]) }]), 'failed to extract SKILL.md'],
    ['a SKILL.md that is too long', zip([{ name: 'SKILL.md', content: randomBytes(600_000).toString('hex') }]), 'the limit is 1048576'],
    ['a name that leads out', zip([skillMd, { name: '../outside', content: 'x' }]), '../outside'],
    ['an absolute name', zip([skillMd, { name: '/etc/passwd', content: 'x' }]), '/etc/passwd'],
    ['a name with a backslash', zip([skillMd, { name: '..\\outside', content: 'x' }]), '..\\outside'],
    ['a name with control characters', zip([skillMd, { name: 'a\u001b[2Jb', content: 'x' }]), 'control characters'],
    ['a name twice', zip([skillMd, skillMd]), 'stands in the archive twice'],
    ['a link', zip([skillMd, { name: 'link', content: '/etc/passwd', mode: 0o120777 }]), '"link" is a link'],
    ['an encrypted file', zip([skillMd, { name: 'secret', content: 'x', flags: 1 }]), '"secret" is encrypted'],
    ['a bomb', zip([skillMd, { name: 'bomb', content: Buffer.alloc(1_000_000) }]), 'more than 100 to 1'],
    [
      'a size that is a lie',
      zip([skillMd, { name: 'lie', content: Buffer.alloc(100_000), declaredSize: 90 }]),
      'failed to extract SKILL.md',
    ],
    ['damaged content', zip([skillMd, { name: 'file', content: 'x', declaredChecksum: 1 }]), '"file" is damaged'],
    [
      'a file larger than all may be',
      zip([skillMd, { name: 'huge', content: randomBytes(6_000_000), declaredSize: 530_000_000 }]),
      'limit is 524288000',
    ],
    [
      'too many files',
      zip(Array.from({ length: 10_001 }, (_, index) => ({ name: `f${index}`, content: '' }))),
      'it has 10001 entries, the limit is 10000',
    ],
  ])('is refused with %s', async (_what, bytes, words) => {
    const error = await refusal(readSkillArchive(bytes));
    expect(error.code).toBe(Code.INVALID_ARGUMENT);
    expect(error.violations[0]?.field).toBe('artifact');
    expect(error.message).toContain('failed to extract SKILL.md');
    expect(error.message).toContain(words);
  });

  it('is refused when cut or changed at any place', async () => {
    const bytes = skillZip('# Review\n', [{ name: 'a.txt', content: 'hello hello hello' }]);
    for (let length = 0; length < bytes.length; length++)
      expect((await refusal(readSkillArchive(bytes.slice(0, length)))).code).toBe(Code.INVALID_ARGUMENT);
  });
});
