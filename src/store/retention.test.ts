import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { appendOp, insertExecution, storeFolder, tempStore, textsOf } from '../../test/support/temp-store.js';

const DAY = 24 * 60 * 60 * 1000;

/** Bytes of content by table and index, and of the pages in use. */
function bytesIn(file: string): { readonly content: number; readonly pages: number } {
  const db = new Database(file, { readonly: true });
  const content = db.prepare('SELECT sum(payload) FROM dbstat').pluck().get() as number;
  const pages = (db.pragma('page_count', { simple: true }) as number) - (db.pragma('freelist_count', { simple: true }) as number);
  db.close();
  return { content, pages: pages * 4_096 };
}

describe('retention', () => {
  it('keeps the events of a finished execution for the time set, and its snapshot for good', async () => {
    const place = await storeFolder();
    const store = await place.open({ settings: { eventRetentionMs: DAY } });
    await store.write(['aex-1', 'aex-2', 'aex-3', 'aex-4'].map((id) => insertExecution({ id })));
    const ended = { head: { phase: 3 } };
    await store.write([appendOp('aex-1', 0, ['a', 'b'], { ...ended, snapshot: Buffer.from('state') })]);
    await store.write([appendOp('aex-2', 0, ['a'])]);
    // Without a final snapshot the events are all there is.
    await store.write([appendOp('aex-3', 0, ['a'], ended)]);
    await store.write([appendOp('aex-4', 0, ['a'], { snapshot: Buffer.from('old') }), appendOp('aex-4', 1, ['b'], ended)]);
    expect(await store.compact(place.clock.now() + DAY)).toMatchObject({ executions: 0, appends: 0 });
    expect(await store.compact(place.clock.now() + DAY + 1)).toMatchObject({ executions: 1, appends: 1 });
    expect(await store.compact(place.clock.now() + DAY + 1)).toMatchObject({ executions: 0, appends: 0 });

    expect(await store.executions.read('aex-1', 0, 9)).toBeUndefined();
    expect(await store.executions.read('aex-1', 1, 9)).toBeUndefined();
    expect(await store.executions.read('aex-1', 2, 9)).toEqual([]);
    expect(await store.executions.snapshot('aex-1')).toEqual({ revision: 2, state: Buffer.from('state') });
    expect((await store.executions.head('aex-1'))?.revision).toBe(2);
    expect(await store.executions.read('aex-2', 0, 9)).toHaveLength(1);
    expect(await store.executions.read('aex-3', 0, 9)).toHaveLength(1);
    expect(await store.executions.read('aex-4', 0, 9)).toHaveLength(2);
  });

  it('goes on with the log of an execution whose events are gone', async () => {
    const place = await storeFolder();
    const store = await place.open({ settings: { eventRetentionMs: 0 } });
    await store.write([insertExecution({ id: 'aex-1' })]);
    await store.write([appendOp('aex-1', 0, ['a', 'b'], { head: { phase: 3 }, snapshot: Buffer.from('one') })]);
    await store.compact(place.clock.now() + 1);
    await store.write([appendOp('aex-1', 2, ['c'], { head: { phase: 3 } })]);
    expect(await store.executions.read('aex-1', 1, 9)).toBeUndefined();
    expect(textsOf(await store.executions.read('aex-1', 2, 9))).toEqual(['c']);
    await store.write([appendOp('aex-1', 3, [], { head: { phase: 3 }, snapshot: Buffer.from('two') })]);
    expect(await store.compact(place.clock.now() + 1)).toMatchObject({ executions: 1, appends: 1 });
    expect(await store.executions.read('aex-1', 2, 9)).toBeUndefined();
  });

  it('removes the logs of deleted executions, and none of the others', async () => {
    const place = await storeFolder();
    const store = await place.open();
    await store.write([insertExecution({ id: 'aex-1' }), insertExecution({ id: 'aex-2' })]);
    for (let i = 0; i < 1_200; i++) void store.write([appendOp('aex-1', i, ['gone'])]);
    for (let i = 0; i < 100; i++) await store.write([appendOp('aex-2', i, ['kept'])]);
    await store.write([{ op: 'delete-execution', id: 'aex-1' }]);
    expect(await store.compact(place.clock.now())).toMatchObject({ appends: 1_200 });
    expect(await store.executions.read('aex-2', 0, 1_000)).toHaveLength(100);
  });

  it('removes expired answers and old changes', async () => {
    const place = await storeFolder();
    const store = await place.open({ settings: { changeRetentionMs: DAY } });
    const now = place.clock.now();
    const change = { actor: 'me', action: 'created', kind: 'agent', resourceId: 'agt-1', org: '', fields: [] } as const;
    await store.write([
      { op: 'put-idempotent', key: 'old', requestHash: 'h', response: Buffer.from('r'), expiresAt: now + 5 },
      { op: 'put-idempotent', key: 'new', requestHash: 'h', response: Buffer.from('r'), expiresAt: now + 50 },
      { op: 'record-change', change: { ...change, at: now - DAY } },
      { op: 'record-change', change: { ...change, at: now + 9 } },
    ]);
    expect(await store.compact(now + 10)).toMatchObject({ answers: 1, changes: 1 });
    expect(await store.idempotency.get('new', now)).toBeDefined();
    expect((await store.changes.list({}, { limit: 9 })).total).toBe(1);
  });

  it('writes 2.5 times a run at most, keeps 1.1 times, and gives the rest back', async () => {
    const place = await storeFolder();
    const store = await place.open({ settings: { eventRetentionMs: 0 } });
    await store.write([insertExecution({ id: 'aex-1', data: Buffer.alloc(500) })]);
    const before = bytesIn(place.file);
    const event = 'x'.repeat(300);
    for (let i = 0; i < 999; i++) await store.write([appendOp('aex-1', i, [event])]);
    const state = Buffer.alloc(300_000, 1);
    await store.write([appendOp('aex-1', 999, [event], { head: { phase: 3, completedAt: '2026-01-01T00:10:00Z' }, snapshot: state })]);
    const after = bytesIn(place.file);
    // Heads are changed in place: each append writes some 20 bytes more than what lies here at the end.
    expect((after.content - before.content + 1_000 * 20) / state.length).toBeLessThan(2.5);

    expect(await store.compact(place.clock.now() + 1)).toMatchObject({ executions: 1, appends: 1_000 });
    const kept = bytesIn(place.file);
    expect((kept.content - before.content) / state.length).toBeLessThan(1.02);
    expect((kept.pages - before.pages) / state.length).toBeLessThan(1.1);
  });

  it('gives free pages back to the disk', async () => {
    const place = await storeFolder();
    const store = await place.open();
    await store.write([insertExecution({ id: 'aex-1' })]);
    for (let i = 0; i < 20; i++) await store.write([appendOp('aex-1', i, ['x'.repeat(100_000)])]);
    await store.write([{ op: 'delete-execution', id: 'aex-1' }]);
    expect((await store.compact(place.clock.now())).pages).toBeGreaterThan(400);
    await store.close();
    const db = new Database(place.file, { readonly: true });
    expect((db.pragma('page_count', { simple: true }) as number) * 4_096).toBeLessThan(500_000);
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    db.close();
  });

  it('leaves nothing to do on an empty store', async () => {
    const store = await tempStore();
    expect(await store.compact(0)).toEqual({ executions: 0, appends: 0, answers: 0, changes: 0, pages: 0 });
  });
});
