import { readFileSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { appendOp, insertExecution, storeFolder, textsOf, type StoreFolder } from '../../test/support/temp-store.js';
import { Code } from '../contract/errors.js';

/** A database with two running executions and one that is finished, each with ten events in ten appends. */
async function withExecutions(): Promise<StoreFolder> {
  const place = await storeFolder();
  const store = await place.open();
  for (const id of ['aex-1', 'aex-2', 'aex-3']) {
    await store.write([insertExecution({ id })]);
    for (let i = 0; i < 10; i++) {
      const phase = id === 'aex-3' && i === 9 ? 3 : 2;
      await store.write([appendOp(id, i, [`${id} event ${i}`], { head: { phase }, ...(i === 4 && { snapshot: Buffer.from('state') }) })]);
    }
  }
  await store.close();
  return place;
}

function damage(place: StoreFolder, sql: string): void {
  const db = new Database(place.file);
  expect(db.prepare(sql).run().changes).toBeGreaterThan(0);
  db.close();
}

const SEGMENT_OF = (id: string, revision: number): string =>
  `execution = (SELECT key FROM executions WHERE id = '${id}') AND first_revision = ${revision}`;

describe('recovery', () => {
  it.each([
    ['a flipped bit', `UPDATE segments SET events = cast(replace(cast(events AS TEXT), 'event 7', 'event 8') AS BLOB) WHERE ${SEGMENT_OF('aex-1', 8)}`, 'checksum of its events from revision 8'],
    ['a missing append', `DELETE FROM segments WHERE ${SEGMENT_OF('aex-1', 8)}`, 'before revision 9 is missing'],
    ['a missing last append', `DELETE FROM segments WHERE ${SEGMENT_OF('aex-1', 10)}`, 'before revision 11 is missing'],
    ['a lost end', `UPDATE heads SET revision = 11 WHERE execution = (SELECT key FROM executions WHERE id = 'aex-1')`, 'goes from revision 10 to 12'],
    ['a wrong count', `UPDATE segments SET count = 2 WHERE ${SEGMENT_OF('aex-1', 8)}`, 'goes from revision 9 to 9'],
    ['a torn chain', `UPDATE segments SET previous = 0 WHERE ${SEGMENT_OF('aex-1', 8)}`, 'from revision 6 on are missing'],
    ['a broken snapshot', `UPDATE snapshots SET state = x'00' WHERE execution = (SELECT key FROM executions WHERE id = 'aex-1')`, 'checksum of its snapshot at revision 5'],
  ])('names the execution with %s, and the others go on', async (_what, sql, reason) => {
    const place = await withExecutions();
    damage(place, sql);
    const store = await place.open();
    expect([...store.damaged.keys()]).toEqual(['aex-1']);
    expect(store.damaged.get('aex-1')).toContain(reason);
    const loss = { code: Code.DATA_LOSS, reason: 'EXECUTION_DAMAGED', message: expect.stringMatching(/^execution aex-1 is damaged: /) };
    await expect(store.executions.read('aex-1', 0, 100)).rejects.toMatchObject(loss);
    await expect(store.executions.snapshot('aex-1')).rejects.toMatchObject(loss);
    await expect(store.write([appendOp('aex-1', 10, ['x'])])).rejects.toMatchObject(loss);

    expect(await store.executions.read('aex-2', 0, 100)).toHaveLength(10);
    await store.write([appendOp('aex-2', 10, ['goes on'])]);
    await store.write([{ op: 'delete-execution', id: 'aex-1' }, insertExecution({ id: 'aex-4' })]);
    await store.write([insertExecution({ id: 'aex-1' })]);
    expect(await store.executions.read('aex-1', 0, 100)).toEqual([]);
  });

  it('finds damage to what is finished when it is read', async () => {
    const place = await withExecutions();
    damage(place, `UPDATE segments SET events = x'0141' WHERE ${SEGMENT_OF('aex-3', 4)}`);
    const store = await place.open();
    expect(store.damaged.size).toBe(0);
    expect(textsOf(await store.executions.read('aex-3', 5, 2))).toEqual(['aex-3 event 5', 'aex-3 event 6']);
    await expect(store.executions.read('aex-3', 2, 5)).rejects.toMatchObject({ code: Code.DATA_LOSS });
    expect([...store.damaged.keys()]).toEqual(['aex-3']);
  });

  it('leaves a damaged append of another process out of the tail', async () => {
    const place = await storeFolder();
    const [one, other] = [await place.open(), await place.open()];
    await one.write([insertExecution({ id: 'aex-1' }), insertExecution({ id: 'aex-2' })]);
    const heard: string[] = [];
    other.executions.tail((append) => heard.push(append.executionId));
    await one.write([appendOp('aex-1', 0, ['a']), appendOp('aex-2', 0, ['b'])]);
    damage(place, `UPDATE segments SET events = x'0141' WHERE ${SEGMENT_OF('aex-1', 1)}`);
    await place.clock.advance(50);
    expect([heard, [...other.damaged.keys()]]).toEqual([['aex-2'], ['aex-1']]);
  });

  it('tells what is wrong with the structure of the file', async () => {
    const place = await withExecutions();
    const db = new Database(place.file, { readonly: true });
    const root = db.prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'executions_by_owner'`).pluck().get() as number;
    db.close();
    const bytes = readFileSync(place.file);
    bytes.fill(0xee, (root - 1) * 4_096 + 8, (root - 1) * 4_096 + 20);
    writeFileSync(place.file, bytes);
    const store = await place.open();
    expect(store.problems.length).toBeGreaterThan(0);
    expect(await store.executions.read('aex-1', 0, 100)).toHaveLength(10);
    await expect(store.executions.list({ ownerId: 'agt-1' }, { limit: 9 })).rejects.toMatchObject({ code: Code.DATA_LOSS });
    await expect(store.write([insertExecution({ id: 'aex-9' })])).rejects.toMatchObject({ code: Code.DATA_LOSS });
    await store.write([appendOp('aex-1', 10, ['goes on'])]);
    await store.close();
    expect((await place.open({ settings: { checkOnStart: false } })).problems).toEqual([]);
  });
});
