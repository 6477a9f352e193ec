import { describe, expect, it } from 'vitest';
import { tempStore } from '../../../test/support/temp-store.js';
import { Code } from '../../contract/errors.js';
import type { ChangeRecord, Intent } from '../ports.js';

const intent = (id: string, dueAt: number, more: Partial<Intent> = {}): Intent => ({ id, type: 'start-workflow', subject: 'aex-1', payload: '{}', dueAt, attempts: 0, ...more });

describe('intents', () => {
  it('come due in order, are put off, and are settled for good', async () => {
    const store = await tempStore();
    await store.write([intent('c', 30), intent('a', 20), intent('b', 10, { subject: 'aex-2' })].map((one) => ({ op: 'put-intent', intent: one })));
    expect(await store.intents.due(25, 9)).toEqual([intent('b', 10, { subject: 'aex-2' }), intent('a', 20)]);
    expect((await store.intents.due(99, 2)).map((one) => one.id)).toEqual(['b', 'a']);
    await store.write([{ op: 'retry-intent', id: 'b', dueAt: 40 }]);
    expect((await store.intents.forSubject('aex-2'))[0]).toEqual(intent('b', 40, { subject: 'aex-2', attempts: 1 }));
    await store.write([{ op: 'settle-intent', id: 'a' }, { op: 'settle-intent', id: 'a' }, { op: 'retry-intent', id: 'a', dueAt: 1 }]);
    expect((await store.intents.due(99, 9)).map((one) => one.id)).toEqual(['c', 'b']);
    await store.write([{ op: 'put-intent', intent: intent('c', 1, { payload: '[]' }) }]);
    expect((await store.intents.due(5, 9)).map((one) => one.payload)).toEqual(['[]']);
  });
});

describe('answers to idempotent requests', () => {
  it('are kept once until they expire', async () => {
    const store = await tempStore();
    const now = Date.UTC(2026, 0, 1);
    const put = (requestHash: string, expiresAt: number) => store.write([{ op: 'put-idempotent', key: 'k', requestHash, response: Buffer.from('r'), expiresAt }]);
    await put('h', now + 10);
    expect(await store.idempotency.get('k', now)).toEqual({ requestHash: 'h', response: Buffer.from('r') });
    expect([await store.idempotency.get('k', now + 10), await store.idempotency.get('other', now)]).toEqual([undefined, undefined]);
    await expect(put('h', now + 20)).rejects.toMatchObject({ code: Code.ALREADY_EXISTS });
  });

  it('make room for another when they have expired', async () => {
    const store = await tempStore();
    const now = Date.UTC(2026, 0, 1);
    const put = (requestHash: string, expiresAt: number) => store.write([{ op: 'put-idempotent', key: 'k', requestHash, response: Buffer.from('r'), expiresAt }]);
    await put('old', now);
    await put('new', now + 10);
    expect((await store.idempotency.get('k', now))?.requestHash).toBe('new');
  });
});

describe('the log of changes', () => {
  it('is listed newest first, by kind and by resource, page by page', async () => {
    const store = await tempStore();
    const changes = Array.from({ length: 12 }, (_, i): ChangeRecord => ({
      at: 1_000 + i,
      actor: 'me',
      action: 'updated',
      kind: i % 2 ? 'agent' : 'session',
      resourceId: `r-${i % 3}`,
      org: 'acme',
      fields: ['spec.a', `spec.${i}`],
    }));
    await store.write(changes.map((change) => ({ op: 'record-change', change })));
    for (const filter of [{}, { kind: 'agent' }, { resourceId: 'r-1' }, { kind: 'agent', resourceId: 'r-1' }]) {
      const expected = changes.filter((change) => (filter.kind ?? change.kind) === change.kind && (filter.resourceId ?? change.resourceId) === change.resourceId);
      const seen: ChangeRecord[] = [];
      for (let after: string | undefined; ; ) {
        const page = await store.changes.list(filter, { limit: 2, ...(after !== undefined && { after }) });
        expect(page.total).toBe(expected.length);
        seen.push(...page.items);
        after = page.next;
        if (after === undefined) break;
      }
      expect(seen).toEqual(expected.toReversed());
    }
    await expect(store.changes.list({}, { limit: 1, after: '-1' })).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
  });
});
