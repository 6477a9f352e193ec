import { once } from 'node:events';
import { type AddressInfo, type Server, connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../supervision/ports.js';
import { Forwarder } from './forwarder.js';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** Answers each connection with what it was sent, in capitals. */
async function shouter(): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => socket.end(data.toString().toUpperCase()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(server);
  return server;
}

async function forward(to: number, admits: (address: string) => Promise<boolean>): Promise<{ port: number; refused: string[] }> {
  const refused: string[] = [];
  const listen = { host: '127.0.0.2', port: await freePort('127.0.0.2') };
  const forwarder = new Forwarder({ listen, to: { host: '127.0.0.1', port: to }, admits, onRefused: (address) => refused.push(address) });
  await forwarder.listen();
  open.push(forwarder);
  return { port: listen.port, refused };
}

async function say(port: number, words: string): Promise<string> {
  const socket = connect(port, '127.0.0.2');
  socket.on('error', () => undefined);
  socket.write(words);
  return text(socket);
}

// Other systems have one loopback address.
describe.runIf(process.platform === 'linux')('a forwarder', () => {
  it('hands on what comes from whom it admits, from the first byte', async () => {
    const server = await shouter();
    const { port, refused } = await forward((server.address() as AddressInfo).port, async () => true);
    expect(await say(port, 'hello')).toBe('HELLO');
    expect(refused).toEqual([]);
  });

  it('refuses everyone else, and says who it was', async () => {
    const server = await shouter();
    const { port, refused } = await forward((server.address() as AddressInfo).port, async () => false);
    await expect(say(port, 'hello').catch(() => '')).resolves.toBe('');
    expect(refused).toEqual(['127.0.0.1']);
  });

  it('closes the caller where nobody listens behind it', async () => {
    const { port } = await forward(await freePort('127.0.0.1'), async () => true);
    await expect(say(port, 'hello').catch(() => '')).resolves.toBe('');
  });
});
