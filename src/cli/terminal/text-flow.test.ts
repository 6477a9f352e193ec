import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeOutput } from '../../../test/support/fake-output.js';
import { TextFlow, writeParagraph } from './text-flow.js';

function shown(pieces: readonly string[], columns: number | undefined, indent = 0): string {
  const out = new FakeOutput(columns === undefined ? {} : { columns });
  const flow = new TextFlow(out, { indent });
  for (const piece of pieces) flow.write(piece);
  flow.end();
  return out.screen;
}

describe('text that flows', () => {
  it('breaks between words, one column before the edge', () => {
    expect(shown(['The quick brown fox jumps over the lazy dog.'], 21)).toBe('The quick brown fox\njumps over the lazy\ndog.\n');
  });

  it('shows each piece at once and moves a word that turns out not to fit', () => {
    const out = new FakeOutput({ columns: 21 });
    const flow = new TextFlow(out);
    flow.write('The quick brown fo');
    expect(out.screen).toBe('The quick brown fo');
    flow.write('xes');
    expect(out.screen).toBe('The quick brown\nfoxes');
  });

  it('breaks a word that is longer than a line, and between wide characters', () => {
    expect(shown(['a '.concat('x'.repeat(45))], 21)).toBe(`a\n${'x'.repeat(20)}\n${'x'.repeat(20)}\n${'x'.repeat(5)}\n`);
    expect(shown(['文字'.repeat(12)], 21)).toBe(`${'文字'.repeat(5)}\n${'文字'.repeat(5)}\n${'文字'.repeat(2)}\n`);
  });

  it('indents every line that holds something', () => {
    expect(shown(['one\n\ntwo three four five six'], 23, 2)).toBe('  one\n\n  two three four five\n  six\n');
  });

  it('leaves lines alone where there is no terminal, and where it is too narrow', () => {
    const text = `${'word '.repeat(40)}end\nnext\n`;
    expect(shown([text], undefined)).toBe(text);
    expect(shown([text], 12)).toBe(text);
  });

  it('takes out control sequences that come in two pieces', () => {
    expect(shown(['a\u001b[3', '1mb'], 80)).toBe('ab\n');
  });

  it('loses nothing and keeps to the width, however the text is cut', () => {
    const unit = fc.constantFrom('a', 'b', 'c', ' ', ' ', '\n', 'é', '文');
    fc.assert(
      fc.property(fc.array(fc.string({ unit, maxLength: 12 }), { maxLength: 12 }), fc.integer({ min: 20, max: 40 }), (pieces, columns) => {
        const screen = shown(pieces, columns);
        expect(screen.replaceAll(/\s/g, '')).toBe(pieces.join('').replaceAll(/\s/g, ''));
        for (const line of screen.split('\n')) expect([...line].length).toBeLessThan(columns);
      }),
    );
  });
});

describe('a paragraph', () => {
  it('indents its further lines as far as its prefix is wide', () => {
    const out = new FakeOutput({ columns: 24 });
    writeParagraph(out, '⚠ ', 'nothing is polling the queue');
    expect(out.screen).toBe('⚠ nothing is polling\n  the queue\n');
  });
});
