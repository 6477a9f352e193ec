import { describe, expect, it } from 'vitest';
import { refusal } from '../../../test/support/refusal.js';
import { resourceRow, tempStore } from '../../../test/support/temp-store.js';
import { Code } from '../../contract/errors.js';
import type { WriteOp } from '../../store/ports.js';
import { Serial } from './serial.js';
import { transact } from './transact.js';

const insert = (id: string): WriteOp => ({ op: 'insert-resource', row: resourceRow({ id }) });

describe('transact', () => {
  it('plans anew when what the plan stood on has changed', async () => {
    const store = await tempStore();
    await store.write([insert('agt-1')]);
    const ids = ['agt-1', 'agt-1', 'agt-2'];
    const planned = await transact(store, async () => ({ ops: [insert(ids.shift()!)], left: ids.length }));
    expect(planned.left).toBe(0);
    expect(await store.resources.get('agent', 'agt-2')).toBeDefined();
  });

  it('gives up after five plans with the words of the last refusal', async () => {
    const store = await tempStore();
    await store.write([insert('agt-1')]);
    let plans = 0;
    const error = await refusal(
      transact(store, async () => {
        plans++;
        return { ops: [insert('agt-1')] };
      }),
    );
    expect([error.code, plans]).toEqual([Code.ALREADY_EXISTS, 5]);
  });

  it('does not repeat a plan that fails by itself', async () => {
    const store = await tempStore();
    let plans = 0;
    const failing = transact(store, async () => {
      plans++;
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(plans).toBe(1);
  });

  it('writes nothing for a plan without changes', async () => {
    const store = await tempStore();
    await store.close();
    await expect(transact(store, async () => ({ ops: [] }))).resolves.toEqual({ ops: [] });
  });
});

describe('Serial', () => {
  it('runs tasks of one key in turn, and those of others beside them', async () => {
    const serial = new Serial();
    const log: string[] = [];
    const gates: (() => void)[] = [];
    const task = (name: string) => () =>
      new Promise<string>((resolve) => {
        log.push(name);
        gates.push(() => resolve(name));
      });
    const [first, second, other] = [serial.run('k', task('first')), serial.run('k', task('second')), serial.run('l', task('other'))];
    expect(log).toEqual(['first', 'other']);
    gates[0]!();
    expect(await first).toBe('first');
    await Promise.resolve();
    expect(log).toEqual(['first', 'other', 'second']);
    gates[1]!();
    gates[2]!();
    expect(await Promise.all([second, other])).toEqual(['second', 'other']);
  });

  it('goes on after a task that failed', async () => {
    const serial = new Serial();
    const failing = serial.run('k', () => Promise.reject(new Error('no')));
    const next = serial.run('k', () => Promise.resolve('yes'));
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });
});
