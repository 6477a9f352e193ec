import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { storeFolder, tempStore, type OpenedStore, type StoreFolder } from '../../../test/support/temp-store.js';
import { Code } from '../../contract/errors.js';
import { seal, unseal } from './seal.js';

const PLAIN = 'sk-very-secret-value';
const put = (ownerId: string, values: Record<string, string>) =>
  ({ op: 'put-secrets', ownerId, values: Object.fromEntries(Object.entries(values).map(([field, text]) => [field, Buffer.from(text)])) }) as const;

async function opened(store: OpenedStore, ownerId: string): Promise<Record<string, string>> {
  return Object.fromEntries(Object.entries(await store.secrets.open(ownerId)).map(([field, value]) => [field, Buffer.from(value).toString()]));
}

function change(place: StoreFolder, sql: string): void {
  const db = new Database(place.file);
  expect(db.prepare(sql).run().changes).toBeGreaterThan(0);
  db.close();
}

const keyVersions = (place: StoreFolder): string[] => readFileSync(place.keyFile, 'utf8').trimEnd().split('\n').map((line) => line.split(' ')[0]!);

describe('secrets', () => {
  it('are given back by field, replaced one by one, and deleted by owner', async () => {
    const store = await tempStore();
    await store.write([put('env-1', { a: '1', b: '2' }), put('env-2', { a: 'other' })]);
    await store.write([put('env-1', { b: 'two', c: '' })]);
    expect(await opened(store, 'env-1')).toEqual({ a: '1', b: 'two', c: '' });
    await store.write([{ op: 'delete-secrets', ownerId: 'env-1' }]);
    expect([await opened(store, 'env-1'), await opened(store, 'env-2')]).toEqual([{}, { a: 'other' }]);
  });

  it('stand nowhere in clear', async () => {
    const place = await storeFolder();
    const store = await place.open();
    await store.write([put('env-1', { token: PLAIN })]);
    for (const name of readdirSync(dirname(place.file))) {
      expect({ name, clear: readFileSync(join(dirname(place.file), name)).includes(PLAIN) }).toEqual({ name, clear: false });
    }
    expect(await opened(store, 'env-1')).toEqual({ token: PLAIN });
  });

  it.each([
    ['moved to another owner', `UPDATE secrets SET owner_id = 'env-2'`],
    ['moved to another field', `UPDATE secrets SET field = 'other'`],
    ['changed', `UPDATE secrets SET sealed = zeroblob(length(sealed))`],
    ['cut', `UPDATE secrets SET sealed = substr(sealed, 1, 3)`],
  ])('are refused when %s, without a word of them', async (_how, sql) => {
    const place = await storeFolder();
    const store = await place.open();
    await store.write([put('env-1', { token: PLAIN })]);
    change(place, sql);
    const owner = sql.includes('env-2') ? 'env-2' : 'env-1';
    const error = await store.secrets.open(owner).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: Code.DATA_LOSS, message: expect.stringContaining(place.keyFile) });
    expect(String(error)).not.toContain(PLAIN);
  });

  it('never share a nonce', () => {
    const ring = new Map([[1, Buffer.alloc(32, 1)]]);
    const sealed = Array.from({ length: 1_000 }, () => seal(ring, 1, 'o', 'f', Buffer.from('same')));
    expect(new Set(sealed.map((value) => Buffer.from(value.nonce).toString('hex'))).size).toBe(1_000);
    expect(sealed[0]?.nonce).toHaveLength(12);
    expect(() => unseal(ring, 'o', { ...sealed[0]!, keyVersion: 2 })).toThrow('no key of version 2');
  });

  it('are claimed once for each attempt', async () => {
    const store = await tempStore();
    const claim = (attempt: number) => store.write([{ op: 'claim-secrets', ownerId: 'aex-1', attempt }]);
    await claim(1);
    await expect(claim(1)).rejects.toMatchObject({ code: Code.ALREADY_EXISTS, message: expect.stringContaining('already exists') });
    await claim(2);
    await store.write([{ op: 'delete-secrets', ownerId: 'aex-1' }]);
    await claim(1);
  });

  it('are sealed anew under a new key, and the old one goes', async () => {
    const place = await storeFolder();
    const store = await place.open();
    const before = readFileSync(place.keyFile, 'utf8');
    await store.write(Array.from({ length: 450 }, (_, i) => put(`env-${i}`, { token: `value ${i}` })));
    await store.rotateKey();
    expect(keyVersions(place)).toEqual(['2']);
    expect(statSync(place.keyFile).mode & 0o777).toBe(0o600);
    await store.write([put('env-new', { token: 'after' })]);
    await store.close();
    const again = await place.open();
    expect([await opened(again, 'env-449'), await opened(again, 'env-new')]).toEqual([{ token: 'value 449' }, { token: 'after' }]);
    await again.close();
    writeFileSync(place.keyFile, before);
    await expect(place.open()).rejects.toMatchObject({ reason: 'KEY_MISMATCH' });
  });

  it('are read and written by another process while the key changes', async () => {
    const place = await storeFolder();
    const [one, other] = [await place.open(), await place.open()];
    await one.write([put('env-1', { token: 'a' })]);
    await one.rotateKey();
    expect(await opened(other, 'env-1')).toEqual({ token: 'a' });
    await one.rotateKey();
    await other.write([put('env-2', { token: 'b' })]);
    expect(await opened(one, 'env-2')).toEqual({ token: 'b' });
  });

  it('survive a change of the key that was broken off', async () => {
    const place = await storeFolder();
    const store = await place.open();
    await store.write([put('env-1', { token: 'a' })]);
    await store.close();
    // The new key stands in the file, and is not in force yet.
    writeFileSync(place.keyFile, `${readFileSync(place.keyFile, 'utf8')}2 ${Buffer.alloc(32, 7).toString('base64')}\n`);
    const again = await place.open();
    await again.write([put('env-2', { token: 'b' })]);
    await again.rotateKey();
    expect(keyVersions(place)).toEqual(['3']);
    expect([await opened(again, 'env-1'), await opened(again, 'env-2')]).toEqual([{ token: 'a' }, { token: 'b' }]);
  });
});
