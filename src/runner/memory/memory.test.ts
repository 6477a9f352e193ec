import { HumanMessage } from '@langchain/core/messages';
import { emptyCheckpoint } from '@langchain/langgraph';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cancelled } from '../../contract/errors.js';
import { masker } from '../run/masking.js';
import { ThreadMemory } from './thread-memory.js';
import { fileThreadStore, type ThreadStore } from './thread-store.js';
import { Turnstile } from './turnstile.js';

let folder: string;
let store: ThreadStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stigmer-memory-'));
  store = fileThreadStore(join(folder, 'threads'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('fileThreadStore', () => {
  it('keeps one text for each thread, readable by its owner alone, in a file whose name says nothing', async () => {
    expect(await store.load('../../thread-1')).toBeUndefined();
    await store.save('../../thread-1', 'first');
    await store.save('../../thread-1', 'second');
    await store.save('thread-2', 'other');
    expect(await store.load('../../thread-1')).toBe('second');
    const files = await readdir(join(folder, 'threads'));
    expect(files).toHaveLength(2);
    expect(files.every((file) => /^[0-9a-f]{64}\.json$/.test(file))).toBe(true);
    expect((await stat(join(folder, 'threads', files[0] as string))).mode & 0o777).toBe(0o600);
    await store.delete('thread-2');
    expect(await store.load('thread-2')).toBeUndefined();
  });
});

describe('ThreadMemory', () => {
  const open = (secrets: string[] = []) => ThreadMemory.open({ threadId: 'thread-1', store, mask: (value) => masker(secrets).json(value) });
  const config = { configurable: { thread_id: 'thread-1', checkpoint_ns: '' } };
  const checkpoint = (id: string, text: string) => ({ ...emptyCheckpoint(), id, channel_values: { messages: [new HumanMessage(text)] } });
  const metadata = { source: 'loop', step: 1, parents: {} } as const;

  it('gives the latest checkpoint and its writes back, and keeps no other', async () => {
    const memory = await open();
    await memory.put(config, checkpoint('1', 'first'), metadata);
    const placed = await memory.put(config, checkpoint('2', 'second'), metadata);
    await memory.putWrites(placed, [['messages', ['written']]], 'task-1', 'path');
    await memory.settle();
    const tuple = await (await open()).getTuple(config);
    expect(tuple?.checkpoint).toMatchObject({ id: '2', channel_values: { messages: [expect.objectContaining({ content: 'second' })] } });
    expect(tuple?.pendingWrites).toEqual([['task-1', 'messages', ['written']]]);
    const [file = ''] = await readdir(join(folder, 'threads'));
    expect(await readFile(join(folder, 'threads', file), 'utf8')).not.toContain('first');
  });

  it('keeps no secret, and none of what sub-agents remember', async () => {
    const memory = await open(['hunter"22']);
    await memory.put(config, checkpoint('1', 'it is hunter"22'), metadata);
    await memory.put({ configurable: { thread_id: 'thread-1', checkpoint_ns: 'tools:1' } }, checkpoint('9', 'of a sub-agent'), metadata);
    await memory.settle();
    const text = (await store.load('thread-1')) ?? '';
    expect(text).toContain('it is ***');
    expect(text).not.toMatch(/hunter|of a sub-agent/);
    // The run itself goes on with the true value.
    expect((await memory.getTuple(config))?.checkpoint.channel_values['messages']).toMatchObject([{ content: 'it is hunter"22' }]);
  });

  it('says when it cannot be read, or kept', async () => {
    await (await open()).settle();
    await store.save('thread-1', '{"version":1');
    await expect(open()).rejects.toMatchObject({ codeName: 'DATA_LOSS', message: expect.stringMatching(/^The memory of the session cannot be read/) });
    await store.save('thread-1', '{"version":2}');
    await expect(open()).rejects.toThrow(/of version 2, and this runner reads version 1/);
    await store.delete('thread-1');
    await writeFile(join(folder, 'file'), '');
    store = fileThreadStore(join(folder, 'file', 'below'));
    const memory = await ThreadMemory.open({ threadId: 'thread-1', store: { ...store, load: () => Promise.resolve(undefined) }, mask: (value) => value });
    await memory.put(config, checkpoint('1', 'x'), metadata);
    await expect(memory.settle()).rejects.toThrow(/ENOTDIR/);
  });
});

describe('Turnstile', () => {
  it('lets one at a time into a thread, in order, and others into theirs', async () => {
    const turnstile = new Turnstile();
    const end = new AbortController();
    const order: string[] = [];
    const enter = (thread: string, name: string) =>
      turnstile.enter(thread, end.signal, () => order.push(`${name} waits`)).then((leave) => {
        order.push(`${name} is in`);
        return leave;
      });
    const a = await enter('1', 'a');
    const b = enter('1', 'b');
    const c = enter('1', 'c');
    (await enter('2', 'x'))();
    a();
    (await b)();
    (await c)();
    (await enter('1', 'd'))();
    expect(order).toEqual(['a is in', 'b waits', 'c waits', 'x is in', 'b is in', 'c is in', 'd is in']);
  });

  it('lets the next one in when one gives up', async () => {
    const turnstile = new Turnstile();
    const signal = new AbortController().signal;
    const leave = await turnstile.enter('1', signal, () => undefined);
    const impatient = new AbortController();
    const second = turnstile.enter('1', impatient.signal, () => undefined);
    const third = turnstile.enter('1', signal, () => undefined);
    impatient.abort(cancelled('no longer'));
    await expect(second).rejects.toThrow('no longer');
    leave();
    (await third)();
  });
});
