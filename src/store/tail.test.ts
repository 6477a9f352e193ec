import Database from 'better-sqlite3';
import { describe, expect, it, vi } from 'vitest';
import { appendOp, executionRow, headAt, insertExecution, storeFolder, tempStore, textsOf } from '../../test/support/temp-store.js';
import { StigmerError } from '../contract/errors.js';
import type { CommittedAppend, Store } from './ports.js';

/** Collects what a tail gives out. */
function listen(store: Store): { readonly appends: CommittedAppend[]; readonly texts: (id: string) => string[]; readonly stop: () => void } {
  const appends: CommittedAppend[] = [];
  const stop = store.executions.tail((append) => appends.push(append));
  return { appends, stop, texts: (id) => appends.filter((append) => append.executionId === id).flatMap((append) => textsOf(append.events) ?? []) };
}

describe('the tail', () => {
  it('gives out an own append before its write resolves, with head and revision', async () => {
    const store = await tempStore();
    const { appends } = listen(store);
    const first = { ...insertExecution({ id: 'aex-1' }) };
    await store.write([first]);
    expect(appends).toEqual([]);
    const op = appendOp('aex-1', 0, ['a', 'b'], { source: { attempt: 1, sequence: 2 } });
    await store.write([op]);
    expect(appends).toEqual([{ executionId: 'aex-1', firstRevision: 1, events: op.events, head: op.head }]);
  });

  it('gives out the first events of an execution, and nothing of a refused write', async () => {
    const place = await storeFolder();
    const store = await place.open();
    const { appends } = listen(store);
    await store.write([{ ...insertExecution({ id: 'aex-1' }), events: [Buffer.from('a')], head: appendOp('', 0, ['a']).head } as ReturnType<typeof insertExecution>]);
    const refused = store.write([appendOp('aex-1', 1, ['b']), appendOp('aex-1', 9, ['c'])]);
    const taken = store.write([appendOp('aex-1', 1, ['d'])]);
    await expect(refused).rejects.toMatchObject({ reason: 'REVISION_CONFLICT' });
    await taken;
    await place.clock.advance(50);
    expect(appends.map((append) => [append.firstRevision, textsOf(append.events)])).toEqual([
      [1, ['a']],
      [2, ['d']],
    ]);
  });

  it('gives out appends of another process at the next turn, heads included', async () => {
    const place = await storeFolder();
    const [one, other] = [await place.open(), await place.open()];
    await one.write([insertExecution({ id: 'aex-1' })]);
    await one.write([appendOp('aex-1', 0, ['before'])]);
    const { appends } = listen(other);
    const ops = [
      appendOp('aex-1', 1, ['a'], { source: { attempt: 1, sequence: 1 } }),
      ...Array.from({ length: 130 }, (_, i) => appendOp('aex-1', i + 2, [`b${i}`], { source: { attempt: 1, sequence: i + 2 } })),
      appendOp('aex-1', 132, ['end'], { head: { phase: 4, completedAt: 'c', error: 'why' }, source: { attempt: 1, sequence: 200 } }),
    ];
    for (const op of ops) await one.write([op]);
    expect(appends).toEqual([]);
    await place.clock.advance(50);
    expect(appends.map(({ executionId, firstRevision, events, head }) => ({ executionId, firstRevision, texts: textsOf(events), head }))).toEqual(
      ops.map((op) => ({ executionId: 'aex-1', firstRevision: op.expectedRevision + 1, texts: textsOf(op.events), head: op.head })),
    );
  });

  it('gives out once an own append that the timer has seen first', async () => {
    const place = await storeFolder();
    const timers: (() => void)[] = [];
    const store = await place.open({ clock: { now: () => 0, setTimer: (_ms, fn) => (timers.push(fn), () => undefined) } });
    await store.write([insertExecution({ id: 'aex-1' })]);
    const { texts } = listen(store);
    const write = store.write([appendOp('aex-1', 0, ['a'])]);
    await new Promise((resolve) => setImmediate(resolve));
    // The thread commits while this one is busy; the timer then comes before the thread's answer.
    const db = new Database(place.file, { readonly: true });
    const committed = db.prepare('SELECT count(*) FROM segments').pluck();
    while (committed.get() === 0);
    db.close();
    timers.at(-1)?.();
    expect(texts('aex-1')).toEqual(['a']);
    await write;
    expect(texts('aex-1')).toEqual(['a']);
  });

  it('knows the head of an append that changes nothing but the revision', async () => {
    const place = await storeFolder();
    const [one, other] = [await place.open(), await place.open()];
    const { appends } = listen(other);
    const insert = { op: 'insert-execution', row: executionRow({ id: 'aex-1' }), head: headAt(0), events: [] } as const;
    await one.write([insert]);
    await one.write([appendOp('aex-1', 0, ['a'])]);
    await place.clock.advance(50);
    expect(appends.map((append) => append.head)).toEqual([headAt(1)]);
  });

  it('gives every append of two stores to both, once and in order', async () => {
    const place = await storeFolder();
    const stores = [await place.open(), await place.open()];
    const ids = ['aex-0', 'aex-1', 'aex-2', 'aex-3'];
    await stores[0]!.write(ids.map((id) => insertExecution({ id })));
    const heard = stores.map(listen);
    const writeAll = async (store: Store, own: number): Promise<void> => {
      for (let i = 0; i < 120; i++) {
        // Each store has two executions of its own; in each round one waits for the other, so that their commits mix.
        await Promise.all([0, 2].map((n) => store.write([appendOp(ids[own + n]!, i, [`${own}.${n}.${i}`])])));
        if (i % 10 === own) await place.clock.advance(50);
      }
    };
    await Promise.all([writeAll(stores[0]!, 0), writeAll(stores[1]!, 1)]);
    await place.clock.advance(50);
    for (const { texts, appends } of heard) {
      expect(appends).toHaveLength(480);
      for (const [at, id] of ids.entries()) {
        expect(texts(id)).toEqual(Array.from({ length: 120 }, (_, i) => `${at % 2}.${at < 2 ? 0 : 2}.${i}`));
      }
    }
  });

  it('keeps the order when two stores append to one execution', async () => {
    const place = await storeFolder();
    const stores = [await place.open(), await place.open()];
    await stores[0]!.write([insertExecution({ id: 'aex-1' })]);
    const heard = stores.map(listen);
    const appendOnce = async (store: Store, text: string): Promise<void> => {
      for (;;) {
        const { revision } = (await store.executions.head('aex-1'))!;
        try {
          await store.write([appendOp('aex-1', revision, [text])]);
          return;
        } catch (error) {
          if (!(error instanceof StigmerError) || error.reason !== 'REVISION_CONFLICT') throw error;
        }
      }
    };
    const appendAll = async (store: Store, name: string): Promise<void> => {
      for (let i = 0; i < 100; i++) await appendOnce(store, `${name}${i}`);
    };
    await Promise.all([appendAll(stores[0]!, 'a'), appendAll(stores[1]!, 'b')]);
    await place.clock.advance(50);
    const stored = textsOf(await stores[0]!.executions.read('aex-1', 0, 1_000));
    expect(stored).toHaveLength(200);
    for (const { appends, texts } of heard) {
      expect(texts('aex-1')).toEqual(stored);
      expect(appends.map((append) => append.firstRevision)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
      expect(appends.map((append) => append.head.revision)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    }
  });

  it('asks the file only while somebody listens', async () => {
    const place = await storeFolder();
    const store = await place.open();
    expect(place.clock.pending).toBe(0);
    const [a, b] = [listen(store), listen(store)];
    expect(place.clock.pending).toBe(1);
    a.stop();
    expect(place.clock.pending).toBe(1);
    b.stop();
    expect(place.clock.pending).toBe(0);
    await store.write([insertExecution({ id: 'aex-1' })]);
    await store.write([appendOp('aex-1', 0, ['unheard'])]);
    const c = listen(store);
    await store.write([appendOp('aex-1', 1, ['heard'])]);
    expect([a, b, c].map((listener) => listener.texts('aex-1'))).toEqual([[], [], ['heard']]);
    await store.close();
    expect(place.clock.pending).toBe(0);
  });

  it('goes on when the newest rows of the log have been removed', async () => {
    const place = await storeFolder();
    const [one, other] = [await place.open(), await place.open()];
    await one.write([insertExecution({ id: 'aex-1' }), insertExecution({ id: 'aex-2' })]);
    const { texts } = listen(other);
    await one.write([appendOp('aex-1', 0, ['a'])]);
    await place.clock.advance(50);
    await one.write([{ op: 'delete-execution', id: 'aex-1' }]);
    await one.compact(place.clock.now());
    await one.write([appendOp('aex-2', 0, ['b'])]);
    await place.clock.advance(50);
    expect([texts('aex-1'), texts('aex-2')]).toEqual([['a'], ['b']]);
  });

  it('reports a listener that throws, and goes on', async () => {
    const onFault = vi.fn<(error: unknown) => void>();
    const store = await tempStore({ onFault });
    await store.write([insertExecution({ id: 'aex-1' })]);
    store.executions.tail(() => {
      throw new Error('broken listener');
    });
    const { texts } = listen(store);
    await store.write([appendOp('aex-1', 0, ['a'])]);
    expect(texts('aex-1')).toEqual(['a']);
    expect(onFault).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ message: 'broken listener' }));
  });
});
