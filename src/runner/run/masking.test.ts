import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MASK, masker } from './masking.js';

describe('masker', () => {
  it('replaces a secret wherever it stands', () => {
    expect(masker(['hunter22']).text('pass hunter22, hunter22hunter22!')).toBe('pass ***, ******!');
  });

  it('replaces overlapping secrets as one, so that no end of one shows', () => {
    expect(masker(['abcdef', 'defghi']).text('xabcdefghix')).toBe('x***x');
  });

  it('leaves values alone that are too short to be told from text', () => {
    expect(masker(['', 'abc']).text('abc')).toBe('abc');
  });

  it.each([
    ['in JSON', 'a"b\\c\nd'],
    ['in a URL', 'p@ss word/x'],
  ])('knows a secret %s', (_where, secret) => {
    const masked = masker([secret]);
    expect(masked.text(JSON.stringify({ secret }))).toBe(`{"secret":"${MASK}"}`);
    expect(masked.text(`https://x/?q=${encodeURIComponent(secret)}&r`)).toBe(`https://x/?q=${MASK}&r`);
    expect(masked.text(Buffer.from(secret).toString('base64'))).toContain(MASK);
    expect(masked.text(Buffer.from(secret).toString('base64url'))).toContain(MASK);
  });

  it('knows the lines of a secret that has several', () => {
    const key = '-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----\n';
    expect(masker([key]).text('     2\tMIIEvQIBADANBg')).toBe(`     2\t${MASK}`);
  });

  it('masks strings, keys and numbers of JSON', () => {
    expect(masker(['12345678', 'sesame']).json({ a: ['open sesame', 12345678, 7, null], sesame: { b: true } })).toEqual({
      a: ['open ***', '***', 7, null],
      '***': { b: true },
    });
  });

  it('gives out what cannot belong to a secret at once', () => {
    const stream = masker(['hunter22']).stream();
    expect(stream.push('I have hun')).toBe('I have ');
    expect(stream.push('dreds')).toBe('hundreds');
    expect(stream.push(' hunter')).toBe(' ');
    expect(stream.push('22.')).toBe('***.');
    expect(stream.push('hu')).toBe('');
    expect(stream.flush()).toBe('hu');
  });

  // A small alphabet, so that secrets overlap, repeat and begin again.
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '🦉'), maxLength: 24 });
  const secrets = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '🦉'), minLength: 4, maxLength: 8 }), { minLength: 1, maxLength: 3 });

  it('gives the masked whole, however the text is cut', () => {
    fc.assert(
      fc.property(secrets, letters, fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }), (values, text, sizes) => {
        const masked = masker(values);
        const stream = masked.stream();
        let out = '';
        let at = 0;
        for (let n = 0; at < text.length; n++) {
          const size = sizes[n % sizes.length] ?? 1;
          out += stream.push(text.slice(at, at + size));
          at += size;
        }
        out += stream.flush();
        expect(out).toBe(masked.text(text));
        for (const value of values) expect(out).not.toContain(value);
      }),
      { numRuns: 2_000 },
    );
  });
});
