import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What becomes of the next start of an agent's workflow: it never arrives, or it does and its answer is never heard. */
export type Interception = 'lost on the way' | 'never answered';

/** Stands between a Temporal and its clients, and passes everything on but what a test wants to go wrong. */
export interface StartInterceptor {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** Waits for the next start. Resolves when it was seen; its connection is silent from then on, and left open. */
  intercept(how: Interception): Promise<void>;
  close(): Promise<void>;
}

/** The type of workflow stands in the request in clear, and in few other requests. */
const SIGN = 'stigmer/agent-execution/invoke';

/** Starts it on a free port. */
export async function startInterceptor(temporalAddress: string): Promise<StartInterceptor> {
  const [host = '', port = ''] = temporalAddress.split(':');
  const sockets = new Set<Socket>();
  let wanted: { readonly how: Interception; readonly seen: () => void } | undefined;

  const server = createServer((client) => {
    const temporal = connect(Number(port), host);
    let tail = '';
    let silenced: Interception | undefined;
    for (const socket of [client, temporal]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        temporal.destroy();
      });
    }
    client.on('data', (chunk) => {
      // The sign may come in two pieces.
      const text = tail + chunk.toString('latin1');
      tail = text.slice(-SIGN.length);
      if (wanted !== undefined && text.includes(SIGN)) {
        silenced = wanted.how;
        wanted.seen();
        wanted = undefined;
      }
      if (silenced !== 'lost on the way') temporal.write(chunk);
    });
    temporal.on('data', (chunk) => {
      if (silenced === undefined) client.write(chunk);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    intercept: (how) =>
      new Promise((resolve) => {
        wanted = { how, seen: resolve };
      }),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
