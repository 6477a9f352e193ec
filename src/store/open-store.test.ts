import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { appendOp, insertExecution, resourceRow, storeFolder, textsOf } from '../../test/support/temp-store.js';
import { Code } from '../contract/errors.js';

describe('opening a store', () => {
  it('makes file, key and folders for their owner only', async () => {
    const place = await storeFolder();
    await place.open();
    const mode = (path: string): number => statSync(path).mode & 0o777;
    expect([mode(place.file), mode(`${place.file}-wal`), mode(place.keyFile)]).toEqual([0o600, 0o600, 0o600]);
    expect([mode(dirname(place.file)), mode(place.artifactsDir)]).toEqual([0o700, 0o700]);
  });

  it('leaves one file when it is closed', async () => {
    const place = await storeFolder();
    const store = await place.open();
    await store.write([insertExecution({ id: 'aex-1' })]);
    await store.close();
    expect(readdirSync(dirname(place.file)).toSorted()).toEqual(['secrets.key', 'stigmer.db']);
  });

  it('finds everything again, and the same log', async () => {
    const place = await storeFolder();
    const first = await place.open();
    await first.write([{ op: 'insert-resource', row: resourceRow({ id: 'agt-1' }) }, insertExecution({ id: 'aex-1' })]);
    await first.write([appendOp('aex-1', 0, ['a', 'b'])]);
    await first.close();
    const second = await place.open();
    expect(second.logId).toBe(first.logId);
    expect((await second.resources.get('agent', 'agt-1'))?.slug).toBe('agt-1');
    expect(textsOf(await second.executions.read('aex-1', 0, 10))).toEqual(['a', 'b']);
    expect([second.problems, [...second.damaged]]).toEqual([[], []]);
  });

  it('gives the log another identity when asked, for good', async () => {
    const place = await storeFolder();
    const first = await place.open();
    const before = first.logId;
    const renewed = await first.renewLogId();
    expect(renewed).not.toBe(before);
    expect(first.logId).toBe(renewed);
    await first.close();
    expect((await place.open()).logId).toBe(renewed);
  });

  it('refuses the database of another program, and leaves it as it was', async () => {
    const place = await storeFolder();
    mkdirSync(dirname(place.file));
    const other = new Database(place.file);
    other.pragma('journal_mode = WAL');
    other.exec('CREATE TABLE resources (id TEXT)');
    other.close();
    const before = readFileSync(place.file);
    await expect(place.open()).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION, reason: 'FOREIGN_DATABASE', message: expect.stringContaining(place.file) });
    expect(readFileSync(place.file).equals(before)).toBe(true);
    expect(readdirSync(dirname(place.file))).toEqual(['stigmer.db']);
  });

  it('refuses the database of another program that runs', async () => {
    const place = await storeFolder();
    mkdirSync(dirname(place.file));
    const other = new Database(place.file);
    other.pragma('journal_mode = WAL');
    other.exec('CREATE TABLE resources (id TEXT)');
    await expect(place.open()).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION, reason: 'FOREIGN_DATABASE' });
    other.close();
  });

  it('refuses a file that is no database', async () => {
    const place = await storeFolder();
    mkdirSync(dirname(place.file));
    writeFileSync(place.file, 'x'.repeat(5_000));
    await expect(place.open()).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION, reason: 'FOREIGN_DATABASE' });
    expect(readFileSync(place.file, 'utf8')).toBe('x'.repeat(5_000));
  });

  it('refuses a database that a newer program has written', async () => {
    const place = await storeFolder();
    await (await place.open()).close();
    const db = new Database(place.file);
    db.pragma('user_version = 99');
    db.close();
    await expect(place.open()).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION, reason: 'NEWER_DATABASE', message: expect.stringContaining('99') });
  });

  it('lets several open a new file at the same time', async () => {
    const place = await storeFolder();
    const stores = await Promise.all([place.open(), place.open(), place.open()]);
    expect(new Set(stores.map((store) => store.logId)).size).toBe(1);
    await stores[0].write([{ op: 'put-secrets', ownerId: 'env-1', values: { token: Buffer.from('s') } }]);
    expect(Object.keys(await stores[2].secrets.open('env-1'))).toEqual(['token']);
  });

  it('names the key file when it is lost', async () => {
    const place = await storeFolder();
    await (await place.open()).close();
    rmSync(place.keyFile);
    await expect(place.open()).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION, reason: 'KEY_MISMATCH', message: expect.stringContaining(place.keyFile) });
  });

  it('names the key file when it is that of another database', async () => {
    const [place, other] = [await storeFolder(), await storeFolder()];
    await (await place.open()).close();
    await other.open();
    await expect(place.open({ keyFile: other.keyFile })).rejects.toMatchObject({ reason: 'KEY_MISMATCH', message: expect.stringContaining(other.keyFile) });
  });

  it('refuses a key file that others may read', async () => {
    const place = await storeFolder();
    await (await place.open()).close();
    chmodSync(place.keyFile, 0o644);
    await expect(place.open()).rejects.toMatchObject({ reason: 'KEY_FILE_OPEN', message: expect.stringContaining('chmod 600') });
  });

  it('says which file is damaged when the database cannot be read at all', async () => {
    const place = await storeFolder();
    await (await place.open()).close();
    const bytes = readFileSync(place.file);
    bytes.fill(0xff, 100, 8_192);
    writeFileSync(place.file, bytes);
    await expect(place.open()).rejects.toMatchObject({ code: Code.DATA_LOSS, message: expect.stringContaining(place.file) });
  });

  it('refuses writes after it is closed, and settles those before', async () => {
    const place = await storeFolder();
    const store = await place.open();
    const writes = Array.from({ length: 50 }, (_, i) => store.write([{ op: 'insert-resource', row: resourceRow({ id: `agt-${i}` }) }]));
    const closed = store.close();
    await expect(store.write([insertExecution({ id: 'aex-1' })])).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    await Promise.all(writes);
    await closed;
    expect((await (await place.open()).resources.list('agent', {}, { limit: 1 })).total).toBe(50);
  });
});
