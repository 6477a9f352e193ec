import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { appendOp, insertExecution, resourceRow, storeFolder, tempStore, textsOf } from '../../../test/support/temp-store.js';
import { Code } from '../../contract/errors.js';
import type { WriteOp } from '../ports.js';
import { defaultStoreSettings } from '../settings.js';
import { type CommittedWrite, Writer } from './writer.js';

const agent = (id: string, data = 'x'): WriteOp => ({ op: 'insert-resource', row: resourceRow({ id, data: Buffer.from(data) }) });

describe('the writer', () => {
  it('lets what arrives during a commit share the next', async () => {
    const place = await storeFolder();
    await (await place.open()).close();
    const commits: (readonly CommittedWrite[])[] = [];
    const connection = { file: place.file, busyTimeoutMs: 1_000, walCheckpointPages: 1_000, maxDatabaseBytes: 0 };
    const writer = await Writer.start({ ...defaultStoreSettings, connection, clock: place.clock, onCommit: (writes) => commits.push(writes) });
    const insert = (id: string) => writer.submit([{ op: 'insert-resource', row: resourceRow({ id }) }]);
    const sameTurn = Array.from({ length: 100 }, (_, i) => insert(`agt-${i}`));
    await new Promise((resolve) => setImmediate(resolve));
    const duringCommit = Array.from({ length: 50 }, (_, i) => insert(`agt-later-${i}`));
    await Promise.all([...sameTurn, ...duringCommit]);
    expect(commits.map((writes) => writes.length)).toEqual([100, 50]);
    await writer.close();
  });

  it('limits what one commit takes', async () => {
    const store = await tempStore({ settings: { maxBatchBytes: 4_000 } });
    await Promise.all(Array.from({ length: 40 }, (_, i) => store.write([agent(`agt-${i}`, 'x'.repeat(i === 20 ? 9_000 : 500))])));
    expect((await store.resources.list('agent', {}, { limit: 1 })).total).toBe(40);
  });

  it('makes all changes of a write or none, and refuses it alone', async () => {
    const store = await tempStore();
    await store.write([insertExecution({ id: 'aex-1' })]);
    const results = await Promise.allSettled([
      store.write([agent('agt-1')]),
      store.write([agent('agt-2'), appendOp('aex-1', 0, ['refused']), appendOp('aex-1', 0, ['again'])]),
      store.write([agent('agt-3'), appendOp('aex-1', 0, ['kept'])]),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await store.resources.list('agent', {}, { limit: 9 })).items.map((row) => row.id)).toEqual(['agt-1', 'agt-3']);
    expect(textsOf(await store.executions.read('aex-1', 0, 9))).toEqual(['kept']);
  });

  it('refuses a write of the wrong form alone', async () => {
    const store = await tempStore();
    const broken = { op: 'insert-resource', row: { ...resourceRow({ id: 'agt-1' }), scope: 'one' } } as unknown as WriteOp;
    const [refused] = await Promise.allSettled([store.write([broken]), store.write([agent('agt-2')])]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: Code.INTERNAL } });
    expect((await store.resources.list('agent', {}, { limit: 9 })).total).toBe(1);
  });

  it('fails the writes of a commit that finds the disk full, and goes on', async () => {
    const place = await storeFolder();
    await (await place.open()).close();
    const size = statSync(place.file).size;
    const store = await place.open({ settings: { maxDatabaseBytes: size + 200_000 } });
    await store.write([insertExecution({ id: 'aex-1' })]);
    const results = await Promise.allSettled([
      store.write([appendOp('aex-1', 0, ['lost'])]),
      store.write([agent('agt-1', 'x'.repeat(1_000_000))]),
      store.write([agent('agt-2')]),
    ]);
    const full = { status: 'rejected', reason: { code: Code.RESOURCE_EXHAUSTED, reason: 'SQLITE_FULL', message: expect.stringContaining(place.file) } };
    expect(results).toMatchObject([full, full, full]);
    await store.write([appendOp('aex-1', 0, ['kept']), agent('agt-2')]);
    expect(textsOf(await store.executions.read('aex-1', 0, 9))).toEqual(['kept']);
    expect(await store.resources.get('agent', 'agt-1')).toBeUndefined();
  });

  it('answers UNAVAILABLE while another process holds the file, and goes on', async () => {
    const place = await storeFolder();
    const store = await place.open({ settings: { busyTimeoutMs: 20, busyRetries: 1 } });
    const other = new Database(place.file);
    other.exec('BEGIN IMMEDIATE');
    await expect(store.write([agent('agt-1')])).rejects.toMatchObject({ code: Code.UNAVAILABLE, message: expect.stringContaining('another process') });
    other.exec('COMMIT');
    other.close();
    await store.write([agent('agt-1')]);
  });

  it('refuses what would hold more memory than it may, with both numbers', async () => {
    const store = await tempStore({ settings: { maxPendingBytes: 50_000 } });
    const results = await Promise.allSettled(Array.from({ length: 6 }, (_, i) => store.write([agent(`agt-${i}`, 'x'.repeat(20_000))])));
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected', 'rejected']);
    expect(results[2]).toMatchObject({ reason: { code: Code.RESOURCE_EXHAUSTED, message: expect.stringMatching(/6\d{4} bytes.*50000 bytes/) } });
    await store.write([agent('agt-big', 'x'.repeat(90_000))]);
  });
});
