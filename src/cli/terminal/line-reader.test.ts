import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { PipeLineReader, TerminalLineReader } from './line-reader.js';

describe('reading lines', () => {
  it('gives the lines of a pipe, the last one also without its end', async () => {
    const input = new PassThrough();
    input.end('one\ntwo\n\nlast');
    const reader = new PipeLineReader(input);
    expect([await reader.read(), await reader.read(), await reader.read(), await reader.read(), await reader.read()]).toEqual(['one', 'two', '', 'last', undefined]);
  });

  it('gives what is typed, remembers it, and ends with Ctrl-D and Ctrl-C', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const reader = new TerminalLineReader(input, output);
    const type = async (keys: string): Promise<string | undefined> => {
      const line = reader.read('> ');
      input.write(keys);
      return line;
    };
    expect(await type('hello\r')).toBe('hello');
    // Nothing of the first line listens any more.
    expect(input.listenerCount('keypress')).toBe(0);
    // The arrow up brings back the line before.
    expect(await type('\u001b[A again\r')).toBe('hello again');
    expect(await type('\u0004')).toBeUndefined();
    expect(await type('\u0003')).toBeUndefined();
    expect(String(output.read())).toContain('> ');
  });
});
