import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from './line-splitter.js';

describe('LineSplitter', () => {
  it('gives the same lines however the text is cut into chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'ä', ' ', '\n', '\r\n') })), (chunks) => {
        const splitter = new LineSplitter();
        const lines = [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
        const whole = chunks.join('').replaceAll('\r\n', '\n').split('\n');
        if (whole.at(-1) === '') whole.pop();
        expect(lines).toEqual(whole);
      }),
    );
  });

  it('holds no more of an endless line than its limit, and loses nothing of it', () => {
    const splitter = new LineSplitter(10);
    const lines = Array.from({ length: 7 }, () => splitter.push('12345')).flat();
    expect(lines.every((line) => line.length === 10)).toBe(true);
    expect([...lines, ...splitter.push('x\n')].join('')).toBe('12345'.repeat(7) + 'x');
  });
});
