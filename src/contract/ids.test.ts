import { decodeTime } from 'ulid';
import { describe, expect, it } from 'vitest';
import { assertGivenId, idFactory, isId, kindOfId } from './ids.js';
import { ApiResourceKind, resourceKinds } from './kinds.js';

const clockAt = (...times: number[]) => ({ now: () => (times.length > 1 ? times.shift()! : times[0]!), setTimer: () => () => {} });

describe('idFactory', () => {
  it('makes prefix and lower-case ULID', () => {
    const id = idFactory(clockAt(1_769_385_600_000))(ApiResourceKind.agent_execution);
    expect(id).toMatch(/^aex-[0-9a-hjkmnp-tv-z]{26}$/);
    expect(decodeTime(id.slice(4).toUpperCase())).toBe(1_769_385_600_000);
  });

  it('makes ids that are recognised again, of every kind', () => {
    const newId = idFactory(clockAt(1));
    for (const { kind } of resourceKinds) {
      expect(isId(kind, newId(kind))).toBe(true);
      expect(kindOfId(newId(kind))?.kind).toBe(kind);
    }
  });

  it('makes ids in order within a millisecond and when the clock goes back', () => {
    const newId = idFactory(clockAt(5000, 5000, 4000, 4000, 6000));
    const ids = Array.from({ length: 5 }, () => newId(ApiResourceKind.session));
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(5);
  });
});

describe('isId', () => {
  it('refuses other kinds and other forms', () => {
    const ulid = '01k0000000abcdefghjkmnpqrs';
    expect(isId(ApiResourceKind.agent, `agt-${ulid}`)).toBe(true);
    for (const text of [`wfl-${ulid}`, `agt_${ulid}`, `agt-${ulid.toUpperCase()}`, `agt-${ulid}0`, `agt-8${ulid.slice(1)}`, 'agt-', '', `zzz-${ulid}`]) {
      expect(isId(ApiResourceKind.agent, text)).toBe(false);
    }
  });
});

describe('assertGivenId', () => {
  it('lets through what can stand in a path', () => {
    for (const id of ['agt-1', 'A.b_c-9', 'x'.repeat(128)]) expect(() => assertGivenId('metadata.id', id)).not.toThrow();
  });

  it('refuses the rest and names the field', () => {
    for (const id of ['', '../etc', 'a/b', '.hidden', 'a b', 'a\n', 'x'.repeat(129), 'ä']) {
      expect(() => assertGivenId('metadata.id', id)).toThrow(/^metadata\.id: /);
    }
  });
});
