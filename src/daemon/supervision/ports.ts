import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describeHolder, findPortHolder } from './port-holder.js';

/** True when something could listen on this port now. The answer is of the moment only. */
export async function isPortFree(host: string, port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

/** A port that nobody listened on a moment ago. */
export async function freePort(host: string): Promise<number> {
  const server = createServer();
  server.listen({ host, port: 0, exclusive: true });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Says who has a port: "port 7234 is taken by node (pid 123, /usr/bin/node)". Undefined when it is free.
 * Who it is can be told on Linux, and of other users' processes only by root; else the text says what is known.
 */
export async function explainTakenPort(host: string, port: number): Promise<string | undefined> {
  if (await isPortFree(host, port)) return undefined;
  return `port ${port} is taken by ${describeHolder(await findPortHolder(port))}`;
}
