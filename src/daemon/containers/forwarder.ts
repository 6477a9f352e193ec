import { once } from 'node:events';
import { type Server, type Socket, connect, createServer } from 'node:net';
import type { Endpoint } from '../wiring/network.js';

export interface ForwarderOptions {
  /** Where it listens: the gateway of a container network. */
  readonly listen: Endpoint;
  /** What it hands on to. */
  readonly to: Endpoint;
  /** Whether a caller at this address may come through. */
  readonly admits: (address: string) => Promise<boolean>;
  /** Told of those who may not. */
  readonly onRefused: (address: string) => void;
}

/** Most connections at a time. */
const MOST_CONNECTIONS = 256;

/**
 * Hands connections on to something that listens on this machine's loopback alone, so that it need not listen anywhere else: Temporal
 * has no authentication, and its one address stays where it is.
 */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => void this.#take(socket));
    this.#server.maxConnections = MOST_CONNECTIONS;
  }

  /** @throws Error with the system's code when it cannot listen there */
  async listen(): Promise<void> {
    const { host, port } = this.#options.listen;
    this.#server.listen({ host, port, exclusive: true });
    await once(this.#server, 'listening');
  }

  /** Ends every connection, and takes no more. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #take(from: Socket): Promise<void> {
    this.#keep(from);
    const address = from.remoteAddress ?? '';
    if (!(await this.#options.admits(address))) {
      this.#options.onRefused(address);
      from.destroy();
      return;
    }
    if (from.destroyed) return;
    const { host, port } = this.#options.to;
    const to = connect({ host, port, noDelay: true });
    this.#keep(to);
    from.on('close', () => to.destroy());
    to.on('close', () => from.destroy());
    from.pipe(to);
    to.pipe(from);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    // 'close' follows, and takes the other side along.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
