import { array, assert, asyncProperty, boolean, constant, integer, oneof, option, record, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appendOp, insertExecution, tempStore, textsOf, type OpenedStore } from '../../../test/support/temp-store.js';
import { Code, StigmerError } from '../../contract/errors.js';

async function refusal(promise: Promise<void>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (!(error instanceof StigmerError) || error.code !== Code.ABORTED) throw error;
    return error.reason;
  }
}

describe('the execution log', () => {
  it('takes an append at its own revision only, naming both', async () => {
    const store = await tempStore();
    await store.write([insertExecution({ id: 'aex-1' })]);
    await store.write([appendOp('aex-1', 0, ['a', 'b'])]);
    await expect(store.write([appendOp('aex-1', 1, ['x'])])).rejects.toMatchObject({ code: Code.ABORTED, reason: 'REVISION_CONFLICT', message: expect.stringMatching(/revision 2.*expects 1/) });
    await expect(store.write([appendOp('aex-1', 3, ['x'])])).rejects.toMatchObject({ reason: 'REVISION_CONFLICT' });
    await expect(store.write([appendOp('aex-9', 0, ['x'])])).rejects.toMatchObject({ code: Code.NOT_FOUND });
    await expect(store.write([{ ...appendOp('aex-1', 2, ['x']), head: { ...appendOp('aex-1', 2, []).head, revision: 9 } }])).rejects.toMatchObject({ code: Code.INTERNAL });
    expect(textsOf(await store.executions.read('aex-1', 0, 10))).toEqual(['a', 'b']);
  });

  it('knows a repeated report and one of an attempt that was given up', async () => {
    const store = await tempStore();
    await store.write([insertExecution({ id: 'aex-1' })]);
    const report = (attempt: number, sequence: number, at: number) => refusal(store.write([appendOp('aex-1', at, ['e'], { source: { attempt, sequence } })]));
    expect(await report(1, 1, 0)).toBeUndefined();
    expect(await report(1, 5, 1)).toBeUndefined();
    expect(await report(1, 5, 2)).toBe('REPORT_REPEATED');
    expect(await report(1, 4, 2)).toBe('REPORT_REPEATED');
    expect(await report(2, 1, 2)).toBeUndefined();
    expect(await report(1, 9, 3)).toBe('ATTEMPT_OVERTAKEN');
    expect(await report(2, 2, 3)).toBeUndefined();
    expect((await store.executions.head('aex-1'))?.revision).toBe(4);
  });

  it('lets an append that is no report carry the source along, or leave it out', async () => {
    const store = await tempStore();
    await store.write([insertExecution({ id: 'aex-1' })]);
    const source = { attempt: 2, sequence: 3 };
    await store.write([appendOp('aex-1', 0, ['a'], { source })]);
    await store.write([appendOp('aex-1', 1, ['b'], { head: { source } })]);
    await store.write([appendOp('aex-1', 2, ['c'])]);
    expect(await refusal(store.write([appendOp('aex-1', 3, ['d'], { head: { source: { attempt: 2, sequence: 2 } } })]))).toBe('REPORT_REPEATED');
    expect((await store.executions.head('aex-1'))?.source).toEqual(source);
  });

  it('keeps the newest snapshot, alone as well', async () => {
    const store = await tempStore();
    await store.write([insertExecution({ id: 'aex-1' })]);
    expect(await store.executions.snapshot('aex-1')).toBeUndefined();
    await store.write([appendOp('aex-1', 0, ['a'], { snapshot: Buffer.from('one') })]);
    await store.write([appendOp('aex-1', 1, ['b'])]);
    expect(await store.executions.snapshot('aex-1')).toEqual({ revision: 1, state: Buffer.from('one') });
    await store.write([appendOp('aex-1', 2, [], { snapshot: Buffer.from('two') })]);
    expect(await store.executions.snapshot('aex-1')).toEqual({ revision: 2, state: Buffer.from('two') });
    expect(textsOf(await store.executions.read('aex-1', 0, 9))).toEqual(['a', 'b']);
  });

  it('reads any stretch of a long log', async () => {
    const store = await tempStore();
    await store.write([insertExecution({ id: 'aex-1' }), insertExecution({ id: 'aex-2' })]);
    const all: string[] = [];
    for (let i = 0; i < 300; i++) {
      const texts = Array.from({ length: 1 + (i % 4) }, (_, k) => `${i}.${k}`);
      await Promise.all([
        store.write([appendOp('aex-1', all.length, texts, i % 50 === 49 ? { head: { error: `note ${i}` } } : {})]),
        store.write([appendOp('aex-2', i, ['other'])]),
      ]);
      all.push(...texts);
    }
    const check = async (after: number, limit: number) =>
      expect({ after, limit, texts: textsOf(await store.executions.read('aex-1', after, limit)) }).toEqual({ after, limit, texts: all.slice(after, after + limit) });
    for (let after = 0; after <= all.length; after += 13) for (const limit of [0, 1, 7, 100, 1_000]) await check(after, limit);
    await check(all.length + 5, 3);
  });

  it('agrees with a model under any appends and expectations', async () => {
    const store = await tempStore();
    let run = 0;
    const step = record({
      execution: integer({ min: 0, max: 2 }),
      events: array(string({ maxLength: 5 }), { maxLength: 4 }),
      /** How far the expectation is off. */
      off: oneof({ weight: 5, arbitrary: constant(0) }, { weight: 1, arbitrary: integer({ min: -2, max: 2 }) }),
      source: option(record({ attempt: integer({ min: 1, max: 3 }), sequence: integer({ min: 1, max: 6 }) }), { nil: undefined }),
      snapshot: boolean(),
      /** Whether the next step waits for this one; those that do not wait share a commit. */
      wait: boolean(),
    });
    await assert(
      asyncProperty(array(step, { maxLength: 40 }), async (steps) => {
        const prefix = `run-${run++}`;
        const models = [0, 1, 2].map((n) => ({ id: `${prefix}-${n}`, events: [] as string[], source: undefined as { attempt: number; sequence: number } | undefined, snapshot: undefined as number | undefined }));
        await store.write(models.map(({ id }) => insertExecution({ id })));
        const pending: Promise<void>[] = [];
        for (const { execution, events, off, source, snapshot, wait } of steps) {
          const model = models[execution]!;
          const revision = model.events.length;
          const expected = Math.max(0, revision + off);
          const older = model.source && source && (source.attempt < model.source.attempt || (source.attempt === model.source.attempt && source.sequence <= model.source.sequence));
          const accepted = expected === revision && !older;
          if (accepted) {
            model.events.push(...events);
            model.source = source ?? model.source;
            if (snapshot) model.snapshot = model.events.length;
          }
          const state = Buffer.from(`state ${expected + events.length}`);
          const write = store.write([appendOp(model.id, expected, events, { ...(source && { source }), ...(snapshot && { snapshot: state }) })]);
          pending.push(refusal(write).then((reason) => expect(reason === undefined).toBe(accepted)));
          if (wait) await Promise.all(pending.splice(0));
        }
        await Promise.all(pending);
        for (const model of models) await agrees(store, model);
      }),
      { numRuns: 60 },
    );
  });
});

async function agrees(store: OpenedStore, model: { id: string; events: string[]; source: object | undefined; snapshot: number | undefined }): Promise<void> {
  expect(textsOf(await store.executions.read(model.id, 0, 1_000))).toEqual(model.events);
  const head = await store.executions.head(model.id);
  expect([head?.revision, head?.source]).toEqual([model.events.length, model.source]);
  const snapshot = await store.executions.snapshot(model.id);
  expect(snapshot && [snapshot.revision, Buffer.from(snapshot.state).toString()]).toEqual(model.snapshot === undefined ? undefined : [model.snapshot, `state ${model.snapshot}`]);
}
