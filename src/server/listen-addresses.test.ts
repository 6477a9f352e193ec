import { describe, expect, it } from 'vitest';
import { parseListenAddresses } from './listen-addresses.js';

describe('parseListenAddresses', () => {
  it('reads addresses, and those that are for runners only', () => {
    expect(parseListenAddresses('127.0.0.1, ::1,runners@172.30.0.1,localhost')).toEqual([
      { host: '127.0.0.1', runnersOnly: false },
      { host: '::1', runnersOnly: false },
      { host: '172.30.0.1', runnersOnly: true },
      { host: '127.0.0.1', runnersOnly: false },
    ]);
  });

  it('refuses what is no address, and a server that only runners could reach', () => {
    for (const text of ['', 'example.com', '127.0.0.1,', 'users@127.0.0.1', 'runners@172.30.0.1']) expect(() => parseListenAddresses(text)).toThrow(/STIGMER_LISTEN/);
  });
});
