import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { executionRow, headAt, resourceRow, storeFolder, tempStore } from '../../../test/support/temp-store.js';
import { Code } from '../../contract/errors.js';
import type { ResourceFilter, ResourceRow } from '../ports.js';
import { APPLICATION_ID } from './identity.js';
import { countSql, pageSql } from './list-query.js';
import { resourceQuery } from './resources.js';
import { schemaVersion1 } from './schema.js';

const full: ResourceRow = resourceRow({
  id: 'agt-1',
  parent: 'org-1',
  labels: { team: 'red', env: 'prod' },
  tags: ['b', 'a'],
  references: [
    { field: 'spec.skill_ids', kind: 'skill', id: 'skl-1', required: true },
    { field: 'spec.note', kind: 'skill', id: 'skl-2', required: false },
  ],
  data: new Uint8Array([0, 1, 255]),
});

const insert = (row: ResourceRow) => ({ op: 'insert-resource', row }) as const;

describe('resources', () => {
  it('gives back what was stored, by id and by slug', async () => {
    const store = await tempStore();
    await store.write([insert(full), insert(resourceRow({ id: 'agt-2', slug: 'agt-1', org: 'other' }))]);
    const found = await store.resources.get('agent', 'agt-1');
    expect({ ...found, data: new Uint8Array(found!.data) }).toEqual(full);
    expect((await store.resources.getBySlug('agent', 'acme', 'agt-1'))?.id).toBe('agt-1');
    expect((await store.resources.findBySlug('agent', 'agt-1')).map((row) => row.org)).toEqual(['acme', 'other']);
    expect(await store.resources.get('session', 'agt-1')).toBeUndefined();
    expect(await store.resources.getBySlug('agent', 'acme', 'none')).toBeUndefined();
  });

  it('refuses an id or a slug that is taken, naming its holder', async () => {
    const store = await tempStore();
    await store.write([insert(resourceRow({ id: 'agt-1', slug: 's' }))]);
    await expect(store.write([insert(resourceRow({ id: 'agt-1', slug: 't' }))])).rejects.toMatchObject({
      code: Code.ALREADY_EXISTS,
      message: expect.stringMatching(/Agent.*already exists.*agt-1/),
    });
    await expect(store.write([insert(resourceRow({ id: 'agt-2', slug: 's' }))])).rejects.toMatchObject({
      code: Code.ALREADY_EXISTS,
      message: expect.stringMatching(/slug 's' already exists.*agt-1/),
    });
    await store.write([insert(resourceRow({ id: 'agt-3', slug: 's', org: 'other' })), insert(resourceRow({ id: 'ses-1', kind: 'session', slug: 's' }))]);
    await expect(
      store.write([{ op: 'update-resource', row: resourceRow({ id: 'agt-3', slug: 's', org: 'acme', version: 'v2' }), expectedVersion: 'v1' }]),
    ).rejects.toMatchObject({ code: Code.ALREADY_EXISTS });
  });

  it('lets any number of resources be without a slug', async () => {
    const store = await tempStore();
    await store.write([insert(resourceRow({ id: 'agt-1', slug: '' })), insert(resourceRow({ id: 'agt-2', slug: '' }))]);
    expect(await store.resources.getBySlug('agent', 'acme', '')).toBeUndefined();
  });

  it('updates at the expected version only, with all that look-ups use', async () => {
    const store = await tempStore();
    await store.write([insert(full)]);
    const row: ResourceRow = { ...full, slug: 'new', version: 'v2', labels: { team: 'blue' }, tags: ['c'], references: [] };
    const update = { op: 'update-resource', row, expectedVersion: 'v1' } as const;
    await store.write([update]);
    await expect(store.write([update])).rejects.toMatchObject({ code: Code.ABORTED, message: expect.stringMatching(/v2.*v1/), reason: 'VERSION_CONFLICT' });
    await expect(store.write([{ ...update, row: { ...row, id: 'agt-9' } }])).rejects.toMatchObject({ code: Code.NOT_FOUND, message: 'Agent not found: agt-9' });
    const ids = async (filter: ResourceFilter) => (await store.resources.list('agent', filter, { limit: 10 })).items.map((item) => item.id);
    expect(await ids({ labels: { team: 'red' } })).toEqual([]);
    expect(await ids({ labels: { team: 'blue' } })).toEqual(['agt-1']);
    expect(await ids({ tags: ['a'] })).toEqual([]);
    expect(await ids({ tags: ['c'] })).toEqual(['agt-1']);
    expect(await store.resources.referrers('skill', 'skl-1', 10)).toEqual([]);
    expect((await store.resources.getBySlug('agent', 'acme', 'new'))?.id).toBe('agt-1');
  });

  it('deletes what is there, with all that look-ups use', async () => {
    const store = await tempStore();
    await store.write([insert(full)]);
    const remove = { op: 'delete-resource', kind: 'agent', id: 'agt-1' } as const;
    await store.write([remove]);
    await expect(store.write([remove])).rejects.toMatchObject({ code: Code.NOT_FOUND });
    expect(await store.resources.list('agent', { labels: { team: 'red' } }, { limit: 1 })).toEqual({ items: [], total: 0 });
    expect(await store.resources.referrers('skill', 'skl-1', 10)).toEqual([]);
    await store.write([insert(full)]);
  });

  it('knows referrers and children', async () => {
    const store = await tempStore();
    await store.write([insert(full), insert(resourceRow({ id: 'ain-1', kind: 'agent_instance', parent: 'agt-1' }))]);
    expect((await store.resources.referrers('skill', 'skl-1', 10)).map(({ row, link }) => [row.id, link])).toEqual([['agt-1', full.references[0]]]);
    expect((await store.resources.referrers('skill', 'skl-2', 10))[0]?.link.required).toBe(false);
    expect((await store.resources.children('agt-1', 10)).map((row) => row.id)).toEqual(['ain-1']);
  });

  it('checks at the end of a write what it requires', async () => {
    const store = await tempStore();
    const require = { op: 'require-resource', kind: 'skill', id: 'skl-1', field: 'spec.skill_ids' } as const;
    await expect(store.write([insert(full), require])).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION, message: expect.stringContaining('spec.skill_ids') });
    expect(await store.resources.get('agent', 'agt-1')).toBeUndefined();
    await store.write([require, insert(full), insert(resourceRow({ id: 'skl-1', kind: 'skill' }))]);

    const unreferenced = { op: 'require-unreferenced', kind: 'skill', id: 'skl-1' } as const;
    await expect(store.write([unreferenced])).rejects.toMatchObject({ code: Code.ABORTED, reason: 'REFERENCED', message: expect.stringContaining('Agent agt-1') });
    await store.write([{ op: 'require-unreferenced', kind: 'skill', id: 'skl-2' }]);
    await store.write([unreferenced, { op: 'delete-resource', kind: 'agent', id: 'agt-1' }, { op: 'delete-resource', kind: 'skill', id: 'skl-1' }]);
  });

  it('checks that nothing belongs to a resource, executions included', async () => {
    const store = await tempStore();
    const childless = (id: string) => ({ op: 'require-childless', id }) as const;
    await store.write([
      insert(resourceRow({ id: 'ain-1', kind: 'agent_instance', parent: 'agt-1' })),
      { op: 'insert-execution', row: executionRow({ id: 'aex-1', sessionId: 'ses-1', instanceId: 'ain-1', ownerId: 'agt-2' }), head: headAt(0), events: [] },
    ]);
    for (const id of ['agt-1', 'agt-2', 'ain-1', 'ses-1']) {
      await expect(store.write([childless(id)])).rejects.toMatchObject({ code: Code.ABORTED, reason: 'HAS_CHILDREN' });
    }
    await store.write([childless('ses-2')]);
    await store.write([childless('ses-1'), { op: 'delete-execution', id: 'aex-1' }]);
  });

  it('keeps the total of each kind and organisation as resources come, move and go', async () => {
    const store = await tempStore();
    const totals = async () =>
      Promise.all([{}, { org: 'acme' }, { org: 'other' }].map(async (filter) => (await store.resources.list('agent', filter, { limit: 1 })).total));
    expect(await totals()).toEqual([0, 0, 0]);
    const rows = ['agt-1', 'agt-2', 'agt-3'].map((id) => resourceRow({ id }));
    await store.write([...rows.map(insert), insert(resourceRow({ id: 'ses-1', kind: 'session' }))]);
    await store.write([{ op: 'update-resource', row: resourceRow({ id: 'agt-1', org: 'other', version: 'v2' }), expectedVersion: 'v1' }]);
    expect(await totals()).toEqual([3, 2, 1]);
    await expect(store.write([insert(resourceRow({ id: 'agt-4' })), insert(rows[1]!)])).rejects.toMatchObject({ code: Code.ALREADY_EXISTS });
    await store.write([{ op: 'delete-resource', kind: 'agent', id: 'agt-2' }]);
    expect(await totals()).toEqual([2, 1, 1]);
  });

  it('counts what a file of the first version holds', async () => {
    const folder = await storeFolder();
    mkdirSync(dirname(folder.file), { recursive: true });
    const db = new Database(folder.file);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.exec(schemaVersion1);
    db.pragma('user_version = 1');
    const add = db.prepare(`INSERT INTO resources VALUES (NULL, 'agent', ?, 'acme', ?, 1, '', 'v1', 0, 0, '{}', '[]', '[]', x'')`);
    for (const id of ['agt-1', 'agt-2']) add.run(id, id);
    db.close();
    const store = await folder.open();
    expect((await store.resources.list('agent', {}, { limit: 1 })).total).toBe(2);
  });

  it('lists by every filter, and by several together', async () => {
    const store = await tempStore();
    const ids = Array.from({ length: 24 }, (_, i) => `agt-${String(i).padStart(2, '0')}`);
    const rows = ids.map((id, i) =>
      resourceRow({
        id,
        org: i % 2 ? 'odd' : 'even',
        parent: i % 3 ? 'p' : 'q',
        labels: { size: i < 12 ? 'small' : 'large', mod: String(i % 4) },
        tags: i % 6 === 0 ? ['six', 'all'] : ['all'],
      }),
    );
    await store.write([...rows.map(insert), insert(resourceRow({ id: 'ses-1', kind: 'session', org: 'odd', parent: 'p', labels: { size: 'small' }, tags: ['all'] }))]);
    const labelChoices: ResourceFilter['labels'][] = [undefined, { size: 'small' }, { size: 'small', mod: '1' }];
    const filters: ResourceFilter[] = [];
    for (const org of [undefined, 'odd']) {
      for (const parent of [undefined, 'q']) {
        for (const labels of labelChoices) {
          for (const tags of [undefined, ['all'], ['six', 'all']]) filters.push({ ...(org && { org }), ...(parent && { parent }), ...(labels && { labels }), ...(tags && { tags }) });
        }
      }
    }
    for (const filter of filters) {
      const expected = rows.filter(
        (row) =>
          (filter.org ?? row.org) === row.org &&
          (filter.parent ?? row.parent) === row.parent &&
          Object.entries(filter.labels ?? {}).every(([name, value]) => row.labels[name] === value) &&
          (filter.tags ?? []).every((tag) => row.tags.includes(tag)),
      );
      const page = await store.resources.list('agent', filter, { limit: 100 });
      expect({ filter, ids: page.items.map((row) => row.id), total: page.total, next: page.next }).toEqual({
        filter,
        ids: expected.map((row) => row.id),
        total: expected.length,
        next: undefined,
      });
    }
  });

  it('pages without a gap or a double while rows come and go', async () => {
    const store = await tempStore();
    const id = (i: number): string => `agt-${String(i).padStart(3, '0')}`;
    await store.write(Array.from({ length: 30 }, (_, i) => insert(resourceRow({ id: id(i * 10) }))));
    const seen: string[] = [];
    for (let after: string | undefined, round = 0; ; round++) {
      const page = await store.resources.list('agent', {}, { limit: 7, ...(after !== undefined && { after }) });
      seen.push(...page.items.map((row) => row.id));
      after = page.next;
      if (after === undefined) break;
      // The row that the next page begins after goes, and one before it comes.
      await store.write([{ op: 'delete-resource', kind: 'agent', id: after }, insert(resourceRow({ id: id(round) + '-late' }))]);
    }
    expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => id(i * 10)));
  });

  it('finds each page by an index that has its order', async () => {
    const place = await storeFolder();
    await place.open();
    const db = new Database(place.file, { readonly: true });
    const filters: ResourceFilter[] = [
      {},
      { org: 'o' },
      { parent: 'p' },
      { labels: { a: 'b' } },
      { tags: ['t'] },
      { parent: 'p', org: 'o', labels: { a: 'b', c: 'd' }, tags: ['t', 'u'] },
      { labels: { a: 'b', c: 'd' }, tags: ['t', 'u'], org: 'o' },
    ];
    for (const filter of filters) {
      const query = resourceQuery('agent', filter);
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${pageSql(query, 'r.data', { ascending: true, after: 'x', limit: 1 })}`).all(...query.values, 'x', 1);
      const count = db.prepare(`EXPLAIN QUERY PLAN ${countSql(query)}`).all(...query.values);
      expect([...plan, ...count].map((step) => (step as { detail: string }).detail).filter((detail) => /SCAN|TEMP B-TREE/.test(detail))).toEqual([]);
    }
    db.close();
  });
});
