import { describe, expect, it } from 'vitest';
import { parseEventId } from './execution-events.js';

describe('parseEventId', () => {
  it('reads a resume point, and takes none for none', () => {
    expect(parseEventId('log-1:42')).toEqual({ logId: 'log-1', revision: 42 });
    expect(parseEventId(undefined)).toBeUndefined();
    expect(parseEventId('')).toBeUndefined();
  });

  it('refuses any other text', () => {
    for (const text of ['42', 'log:', ':42', 'log:-1', 'log:1e3', 'a:b:1', `log:${'9'.repeat(30)}`]) expect(() => parseEventId(text)).toThrow(/Last-Event-ID/);
  });
});
