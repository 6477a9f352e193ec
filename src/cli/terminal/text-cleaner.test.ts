import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanLine, cleanText, TextCleaner } from './text-cleaner.js';

describe('cleaning text for a terminal', () => {
  it.each([
    ['colours', '\u001b[31mred\u001b[0m', 'red'],
    ['cursor movement', 'a\u001b[2J\u001b[1;1Hb', 'ab'],
    ['the window title, ended by BEL', 'a\u001b]0;evil\u0007b', 'ab'],
    ['the clipboard, ended by ST', 'a\u001b]52;c;ZXZpbA==\u001b\\b', 'ab'],
    ['C1 forms', 'a\u009b31mb\u009d0;title\u009cc', 'abc'],
    ['device control strings', 'a\u001bP1;2|17/ab\u001b\\b', 'ab'],
    ['character sets', 'a\u001b(0b\u001b(Bc', 'abc'],
    ['single escapes', 'a\u001bcb\u001b7c', 'abc'],
    ['bell, backspace, null, DEL', 'a\u0007\u0008\u0000\u007fb', 'ab'],
    ['direction overrides', 'user\u202etxt.exe\u2066x\u2069', 'usertxt.exex'],
    ['an escape in an open sequence', 'a\u001b[31\u001b[32mb', 'ab'],
  ])('removes %s', (_what, given, cleaned) => {
    expect(cleanText(given)).toBe(cleaned);
  });

  it('keeps newlines, tabs and every other text', () => {
    const text = 'Grüße\n\t文字 🙂 👩‍👧 [31m} ‏שלום';
    expect(cleanText(text)).toBe(text);
  });

  it('turns carriage returns into newlines, so that nothing is overwritten', () => {
    expect(cleanText('10%\r20%\r\n30%\n')).toBe('10%\n20%\n30%\n');
  });

  it('lets an open string sequence swallow no more than its line', () => {
    expect(cleanText('a\u001b]0;never ended\nthe rest')).toBe('a\nthe rest');
    expect(cleanText(`a\u001b]0;${'x'.repeat(5000)} the rest`)).toContain('the rest');
  });

  it('gives the same however the text is cut into pieces, and never a control character', () => {
    const unit = fc.constantFrom('a', ' ', '\n', '\r', '\t', '\u001b', '[', ']', '3', '1', ';', 'm', '\\', 'P', '(', '\u0007', '\u009b', '\u009c', '\u009d', '\u202e', '🙂');
    fc.assert(
      fc.property(fc.array(fc.string({ unit, maxLength: 6 }), { maxLength: 8 }), (pieces) => {
        const cleaner = new TextCleaner();
        const inPieces = pieces.map((piece) => cleaner.take(piece)).join('');
        expect(inPieces).toBe(cleanText(pieces.join('')));
        // oxlint-disable-next-line no-control-regex -- these are what must not be there
        expect(inPieces).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });

  it('makes one line of a text', () => {
    expect(cleanLine(' a\n\u001b[1mb\tc\r\n')).toBe('a b c');
  });
});
