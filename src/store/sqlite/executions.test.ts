import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { appendOp, executionRow, headAt, insertExecution, storeFolder, tempStore } from '../../../test/support/temp-store.js';
import { Code } from '../../contract/errors.js';
import type { ExecutionFilter, ExecutionRow } from '../ports.js';
import { executionQueries } from './execution-query.js';
import { countSql, pageSql } from './list-query.js';

describe('executions', () => {
  it('gives back what was stored, with the head', async () => {
    const store = await tempStore();
    const row = executionRow({ id: 'aex-1', tags: ['x', 'y'], data: Buffer.from([0, 255]) });
    const head = headAt(1, { phase: 1, startedAt: '', source: { attempt: 1, sequence: 3 } });
    await store.write([{ op: 'insert-execution', row, head, events: [Buffer.from('e')] }]);
    expect(await store.executions.get('aex-1')).toEqual({ row, head });
    expect(await store.executions.head('aex-1')).toEqual(head);
    expect([await store.executions.get('aex-2'), await store.executions.head('aex-2')]).toEqual([undefined, undefined]);
  });

  it('moves the head with every append', async () => {
    const store = await tempStore();
    await store.write([insertExecution({ id: 'aex-1' })]);
    const ended = { phase: 4, startedAt: 's', completedAt: 'c', error: 'out of memory' };
    await store.write([appendOp('aex-1', 0, ['a', 'b'], { head: ended, source: { attempt: 2, sequence: 7 } })]);
    expect(await store.executions.head('aex-1')).toEqual({ revision: 2, ...ended, source: { attempt: 2, sequence: 7 } });
  });

  it('refuses an id that is taken, and changes at another version', async () => {
    const store = await tempStore();
    await store.write([insertExecution({ id: 'aex-1' })]);
    await expect(store.write([insertExecution({ id: 'aex-1' })])).rejects.toMatchObject({ code: Code.ALREADY_EXISTS, message: expect.stringContaining('AgentExecution') });
    const row = executionRow({ id: 'aex-1', version: 'v2', tags: ['t'], data: Buffer.from('new') });
    const update = { op: 'update-execution', row, expectedVersion: 'v1' } as const;
    await store.write([update]);
    await expect(store.write([update])).rejects.toMatchObject({ code: Code.ABORTED, reason: 'VERSION_CONFLICT' });
    expect((await store.executions.get('aex-1'))?.row).toEqual(row);
    expect((await store.executions.list({ tags: ['t'] }, { limit: 1 })).total).toBe(1);
  });

  it('deletes an execution with all that belongs to it', async () => {
    const store = await tempStore();
    await store.write([insertExecution({ id: 'aex-1', tags: ['t'] }), { op: 'put-secrets', ownerId: 'aex-1', values: { k: Buffer.from('v') } }]);
    await store.write([appendOp('aex-1', 0, ['a'], { snapshot: Buffer.from('s') })]);
    await store.write([{ op: 'delete-execution', id: 'aex-1' }]);
    expect([await store.executions.get('aex-1'), await store.executions.snapshot('aex-1'), await store.executions.read('aex-1', 0, 9)]).toEqual([undefined, undefined, undefined]);
    expect(await store.secrets.open('aex-1')).toEqual({});
    expect((await store.executions.list({ tags: ['t'] }, { limit: 1 })).total).toBe(0);
    await expect(store.write([{ op: 'delete-execution', id: 'aex-1' }])).rejects.toMatchObject({ code: Code.NOT_FOUND });
    await expect(store.write([appendOp('aex-1', 1, ['b'])])).rejects.toMatchObject({ code: Code.NOT_FOUND });
    await store.write([insertExecution({ id: 'aex-1' })]);
    expect(await store.executions.read('aex-1', 0, 9)).toEqual([]);
  });

  it('lists newest first by every filter, and by several together', async () => {
    const store = await tempStore();
    const rows = Array.from({ length: 40 }, (_, i): ExecutionRow & { readonly phase: number } => ({
      ...executionRow({
        id: `x-${String((i * 17) % 40).padStart(2, '0')}`,
        kind: i % 5 ? 'agent_execution' : 'workflow_execution',
        org: i % 2 ? 'odd' : 'even',
        sessionId: i % 3 ? 's' : 't',
        ownerId: i % 4 ? 'o' : 'p',
        instanceId: i % 7 ? 'm' : 'n',
        tags: i % 6 ? ['all'] : ['all', 'six'],
      }),
      phase: 1 + (i % 5),
    }));
    for (const { phase, ...row } of rows) await store.write([{ op: 'insert-execution', row, head: headAt(0, { phase }), events: [] }]);
    const choices: { readonly [F in keyof Required<ExecutionFilter>]: readonly ExecutionFilter[F][] } = {
      kind: [undefined, 'workflow_execution'],
      phases: [undefined, [], [2], [1, 4, 4]],
      sessionId: [undefined, 's'],
      ownerId: [undefined, 'o'],
      instanceId: [undefined, 'm'],
      org: [undefined, 'odd'],
      tags: [undefined, ['six', 'all']],
    };
    const filters = Object.entries(choices).reduce<ExecutionFilter[]>(
      (found, [name, values]) => found.flatMap((filter) => values.map((value) => (value === undefined ? filter : { ...filter, [name]: value }))),
      [{}],
    );
    expect(filters).toHaveLength(256);
    for (const filter of filters) {
      const expected = rows
        .filter((row) =>
          [
            (filter.kind ?? row.kind) === row.kind,
            !filter.phases?.length || filter.phases.includes(row.phase),
            (filter.sessionId ?? row.sessionId) === row.sessionId,
            (filter.ownerId ?? row.ownerId) === row.ownerId,
            (filter.instanceId ?? row.instanceId) === row.instanceId,
            (filter.org ?? row.org) === row.org,
            (filter.tags ?? []).every((tag) => row.tags.includes(tag)),
          ].every(Boolean),
        )
        .map((row) => row.id)
        .toReversed();
      const seen: string[] = [];
      for (let after: string | undefined; ; ) {
        const page = await store.executions.list(filter, { limit: 3, ...(after !== undefined && { after }) });
        expect(page.total).toBe(expected.length);
        seen.push(...page.items.map((item) => item.row.id));
        after = page.next;
        if (after === undefined) break;
      }
      expect({ filter, seen }).toEqual({ filter, seen: expected });
    }
  });

  it('lists by the phase of the moment', async () => {
    const store = await tempStore();
    await store.write([insertExecution({ id: 'aex-1' }), insertExecution({ id: 'aex-2' })]);
    await store.write([appendOp('aex-1', 0, ['a'])]);
    const running = await store.executions.list({ phases: [2] }, { limit: 5 });
    expect(running.items.map((item) => item.row.id)).toEqual(['aex-1']);
  });

  it('refuses a page key that it has not given', async () => {
    const store = await tempStore();
    await expect(store.executions.list({}, { limit: 1, after: 'aex-1' })).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
  });

  it('finds each page by an index that has its order', async () => {
    const place = await storeFolder();
    await place.open();
    const db = new Database(place.file, { readonly: true });
    const filters: ExecutionFilter[] = [
      { kind: 'agent_execution' },
      { phases: [1, 2] },
      { sessionId: 's' },
      { ownerId: 'o' },
      { instanceId: 'i' },
      { org: 'o' },
      { tags: ['t', 'u'], phases: [1] },
      { kind: 'agent_execution', phases: [1, 2], sessionId: 's', ownerId: 'o', instanceId: 'i', org: 'o', tags: ['t'] },
      { kind: 'agent_execution', phases: [2], org: 'o' },
    ];
    for (const query of filters.flatMap(executionQueries)) {
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${pageSql(query, 'e.name', { ascending: false, after: 1, limit: 1 })}`).all(...query.values, 1, 1);
      const count = db.prepare(`EXPLAIN QUERY PLAN ${countSql(query)}`).all(...query.values);
      expect([...plan, ...count].map((step) => (step as { detail: string }).detail).filter((detail) => /SCAN|TEMP B-TREE/.test(detail))).toEqual([]);
    }
    db.close();
  });
});
