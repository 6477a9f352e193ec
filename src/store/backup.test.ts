import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { appendOp, insertExecution, storeFolder } from '../../test/support/temp-store.js';
import { Code } from '../contract/errors.js';

describe('a backup', () => {
  it('has the state of one moment while writes go on, and opens as a store', async () => {
    const place = await storeFolder();
    const store = await place.open();
    await store.write([insertExecution({ id: 'aex-1' })]);
    for (let i = 0; i < 100; i++) await store.write([appendOp('aex-1', i, ['x'.repeat(60_000)])]);
    const file = join(place.folder, 'copies', 'backup.db');
    const progress = { done: false };
    const backup = store.backup(file).then(() => (progress.done = true));
    let written = 100;
    while (!progress.done) await store.write([appendOp('aex-1', written++, ['x'.repeat(1_000)])]);
    await backup;
    expect(written).toBeGreaterThan(101);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(file))).toEqual(['backup.db']);

    const copy = await place.open({ file });
    expect((await copy.executions.head('aex-1'))?.revision).toBe(100);
    expect(await copy.executions.read('aex-1', 0, 1_000)).toHaveLength(100);
    expect(copy.logId).toBe(store.logId);
  });

  it('replaces no file', async () => {
    const place = await storeFolder();
    const store = await place.open();
    await expect(store.backup(place.file)).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION, message: expect.stringContaining('already exists') });
  });
});
