import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../contract/clock.js';
import { Code, unavailable } from '../contract/errors.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { askSupervisor } from './control-client.js';
import { type ControlHandlers, ControlServer } from './control-server.js';
import type { DaemonStatus, StartProgress } from './control.js';
import { type Home, homeAt, prepareHome } from './home.js';
import { tryLock } from './supervision/lock.js';

const status: DaemonStatus = { home: '/h', pid: 1, startedAt: '2026-01-01T00:00:00.000Z', version: '1.0.0', components: [], diskBytes: 0 };
const message: StartProgress = { type: 'message', text: 'downloading' };

let home: Home;
let server: ControlServer | undefined;

beforeEach(async () => {
  home = homeAt(await mkdtemp(join(tmpdir(), 'stigmer-control-')));
  await prepareHome(home);
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(home.root, { recursive: true });
});

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}

async function listen(handlers: Partial<ControlHandlers> = {}): Promise<void> {
  const all: ControlHandlers = {
    status: () => Promise.resolve(status),
    start: () => Promise.resolve(status),
    stop: () => Promise.resolve(status),
    onStart: () => () => undefined,
    onStop: () => () => undefined,
    ...handlers,
  };
  server = new ControlServer(all);
  await server.listen(home.socket);
}

describe("a supervisor's socket", () => {
  it('answers a request, and is open to the user alone', async () => {
    await listen();
    expect((await stat(home.socket)).mode & 0o777).toBe(0o600);
    expect(await askSupervisor(home, { request: 'status' }, systemClock)).toEqual(status);
  });

  it('takes the place of one that a killed supervisor has left', async () => {
    await writeFile(home.socket, '');
    await listen();
    expect(await askSupervisor(home, { request: 'status' }, systemClock)).toEqual(status);
  });

  it('tells how a start goes on, then its end, and listens no longer', async () => {
    let listening = 0;
    let only: readonly string[] | undefined;
    await listen({
      start: (names) => {
        only = names;
        return Promise.resolve(status);
      },
      onStart: (listener) => {
        listening += 1;
        listener(message);
        return () => (listening -= 1);
      },
    });
    const told: StartProgress[] = [];
    expect(await askSupervisor(home, { request: 'start', only: ['server'] }, systemClock, (progress) => told.push(progress))).toEqual(status);
    expect({ told, only, listening }).toEqual({ told: [message], only: ['server'], listening: 0 });
  });

  it('hands on an error with its code and words', async () => {
    await listen({ start: () => Promise.reject(unavailable('worker did not start')) });
    await expect(askSupervisor(home, { request: 'start' }, systemClock)).rejects.toMatchObject({ code: Code.UNAVAILABLE, message: 'worker did not start' });
  });

  it('answers whoever asked for the stop before it closes', async () => {
    const asked = deferred<void>();
    const done = deferred<DaemonStatus>();
    await listen({
      stop: () => {
        asked.resolve();
        return done.promise;
      },
    });
    const answer = askSupervisor(home, { request: 'stop', now: true }, systemClock);
    await asked.promise;
    const closed = server!.close();
    done.resolve(status);
    expect(await answer).toEqual(status);
    await closed;
    server = undefined;
    expect(await askSupervisor(home, { request: 'status' }, systemClock)).toBeUndefined();
  });

  it.each(['no json\n', '{"request":"fly"}\n', '{"request":"start","only":[1]}\n', `${'x'.repeat(2_000_000)}`])('refuses what is no request: %.20s', async (line) => {
    await listen();
    const socket = connect(home.socket);
    await once(socket, 'connect');
    socket.write(line);
    expect(JSON.parse(await text(socket))).toMatchObject({ error: { code: Code.INVALID_ARGUMENT } });
  });

  it('forgets a listener whose connection is gone', async () => {
    const listening = deferred<void>();
    const forgotten = deferred<void>();
    const done = deferred<DaemonStatus>();
    await listen({
      start: () => done.promise,
      onStart: () => {
        listening.resolve();
        return () => forgotten.resolve();
      },
    });
    const socket = connect(home.socket);
    await once(socket, 'connect');
    socket.write('{"request":"start"}\n');
    await listening.promise;
    socket.destroy();
    await expect(forgotten.promise).resolves.toBeUndefined();
    done.resolve(status);
  });
});

describe('asking a supervisor', () => {
  it('that is not there gives nothing', async () => {
    expect(await askSupervisor(home, { request: 'status' }, systemClock)).toBeUndefined();
  });

  it('that is killed while it is asked gives nothing', async () => {
    const peer = createServer((socket) => socket.once('data', () => socket.destroy())).listen(home.socket);
    await once(peer, 'listening');
    expect(await askSupervisor(home, { request: 'status' }, systemClock)).toBeUndefined();
    peer.close();
  });

  it('that lives and ends the connection without an answer is an error that says so', async () => {
    const attempt = await tryLock(home.lock, 'a supervisor', systemClock);
    expect(attempt.kind).toBe('acquired');
    const peer = createServer((socket) => socket.once('data', () => socket.destroy())).listen(home.socket);
    await once(peer, 'listening');
    await expect(askSupervisor(home, { request: 'status' }, systemClock)).rejects.toThrow(/ended before it answered/);
    peer.close();
  });

  it('that listens and says nothing is an error after a while', async () => {
    const heard = deferred<void>();
    const peer = createServer((socket) => socket.once('data', () => heard.resolve())).listen(home.socket);
    await once(peer, 'listening');
    const clock = new ManualClock();
    const answer = askSupervisor(home, { request: 'status' }, clock);
    await heard.promise;
    clock.elapse(10_000);
    await expect(answer).rejects.toThrow(/does not answer within 10 s/);
    peer.close();
  });
});
