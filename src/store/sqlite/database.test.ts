import { describe, expect, it } from 'vitest';
import { storeFolder } from '../../../test/support/temp-store.js';
import { openForReading, openForWriting } from './database.js';

const pragmas = ['journal_mode', 'synchronous', 'fullfsync', 'checkpoint_fullfsync', 'foreign_keys', 'wal_autocheckpoint', 'busy_timeout', 'max_page_count'];

describe('a connection', () => {
  it('has every commit on disk before it returns', async () => {
    const place = await storeFolder();
    await place.open();
    const db = openForWriting({ file: place.file, busyTimeoutMs: 1_234, walCheckpointPages: 77, maxDatabaseBytes: 8_192_000 });
    expect(pragmas.map((name) => db.pragma(name, { simple: true }))).toEqual(['wal', 2, 1, 1, 1, 77, 1_234, 2_000]);
    db.close();
  });

  it('changes nothing when it is for reading', async () => {
    const place = await storeFolder();
    await place.open();
    const db = openForReading({ file: place.file, busyTimeoutMs: 1_000, walCheckpointPages: 1_000, maxDatabaseBytes: 0 });
    expect(() => db.exec('DELETE FROM meta')).toThrow('readonly');
    db.close();
  });
});
