import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeHolder, findPortHolder } from './port-holder.js';
import { explainTakenPort, freePort, isPortFree } from './ports.js';

const loopbacks = Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).filter(({ internal }) => internal).map(({ address }) => address));

describe('ports', () => {
  it('are free when nobody listens, and stay so after the look', async () => {
    const port = await freePort('127.0.0.1');
    expect(await isPortFree('127.0.0.1', port)).toBe(true);
    expect(await isPortFree('127.0.0.1', port)).toBe(true);
    expect(await explainTakenPort('127.0.0.1', port)).toBeUndefined();
  });

  it.each(loopbacks)('on %s are said to be taken by whom', async (host) => {
    const server = createServer().listen({ host, port: 0 });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const who = process.platform === 'linux' ? `${basename(process.execPath)} (pid ${process.pid}, ${process.execPath})` : 'another program';
    expect(await explainTakenPort(host, port)).toBe(`port ${port} is taken by ${who}`);
    server.close();
  });

  it('have no holder when nobody listens', async () => {
    expect(await findPortHolder(await freePort('127.0.0.1'))).toBeUndefined();
  });

  it('of other users are described by what can be seen', () => {
    expect(describeHolder({ uid: 33 })).toBe('a process of the user with id 33');
    expect(describeHolder(undefined)).toBe('another program');
  });
});
