import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { FakeOutput } from '../../../test/support/fake-output.js';
import type { Format } from '../command.js';
import { writeValue } from './write-value.js';

async function written(format: Exclude<Format, 'text'>, value: unknown): Promise<string> {
  const out = new FakeOutput({ columns: 80, color: true });
  await writeValue(out, format, value);
  return out.raw;
}

const nasty = { text: 'a\u001b[2J\u009b31m\u202e\u007f\u2028b', lines: 'one\ntwo', count: 1234567890123456789n };

describe('results for programs', () => {
  it('are one array, one line an entry, or one document an entry', async () => {
    expect(await written('json', [{ a: 1 }, { a: 2 }])).toBe('[\n  {\n    "a": 1\n  },\n  {\n    "a": 2\n  }\n]\n');
    expect(await written('ndjson', [{ a: 1 }, { a: 2 }])).toBe('{"a":1}\n{"a":2}\n');
    expect(await written('yaml', [{ a: 1 }, { a: 2 }])).toBe('a: 1\n---\na: 2\n');
    expect(await written('json', [])).toBe('[]\n');
    expect(await written('ndjson', [])).toBe('');
  });

  it.each(['json', 'ndjson', 'yaml'] as const)('lose nothing and hold no control character as %s', async (format) => {
    const text = await written(format, nasty);
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
    expect(format === 'yaml' ? parse(text) : JSON.parse(text)).toEqual({ ...nasty, count: '1234567890123456789' });
  });
});
