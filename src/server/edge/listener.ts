import { once } from 'node:events';
import { createServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import { ServerCredentials, type Server } from '@grpc/grpc-js';
import { Code, StigmerError, unavailable } from '../../contract/errors.js';
import type { Connections } from './connections.js';

/** An address to listen at. */
export interface ListenAddress {
  readonly host: string;
  /** Takes runners' tokens only: the gateway of a container network. */
  readonly runnersOnly: boolean;
}

/**
 * Takes TCP connections for a grpc-js server. It finds out whose they are before it hands them over, so that a call never has to wait
 * for that and the answer cannot change during a connection.
 */
export class GrpcListener {
  readonly #server: Server;
  readonly #connections: Connections;
  readonly #injector: ReturnType<Server['createConnectionInjector']>;
  readonly #listening: NetServer[] = [];
  readonly #sockets = new Set<Socket>();

  constructor(server: Server, connections: Connections) {
    this.#server = server;
    this.#connections = connections;
    this.#injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  }

  /** Listens at every address; gives the port, the same at all of them. Port 0 takes a free one. UNAVAILABLE when one is taken. */
  async listen(addresses: readonly ListenAddress[], port: number): Promise<number> {
    let bound = port;
    for (const address of addresses) bound = await this.#listenAt(address, bound);
    return bound;
  }

  async #listenAt(address: ListenAddress, port: number): Promise<number> {
    const server = createServer({ noDelay: true }, (socket) => this.#take(socket, address.runnersOnly));
    server.listen(port, address.host);
    try {
      await once(server, 'listening');
    } catch (error) {
      throw listenError(error, address.host, port);
    }
    this.#listening.push(server);
    return (server.address() as AddressInfo).port;
  }

  #take(socket: Socket, runnersOnly: boolean): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // Until HTTP/2 has the socket nobody else listens; a reset in that time would end the process.
    socket.on('error', ignoreReset);
    void this.#admit(socket, runnersOnly);
  }

  async #admit(socket: Socket, runnersOnly: boolean): Promise<void> {
    if (await this.#connections.admit(socket, runnersOnly)) this.#injector.injectConnection(socket);
  }

  /** Takes no more connections, and closes those that are open once their calls have ended, or after the grace. */
  async close(graceMs: number): Promise<void> {
    const closed = this.#listening.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    this.#injector.drain(graceMs);
    const cut = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, graceMs);
    await Promise.all(closed);
    clearTimeout(cut);
    this.#injector.destroy();
    this.#server.forceShutdown();
  }
}

function ignoreReset(): void {
  // 'close' follows and cleans up.
}

function listenError(error: unknown, host: string, port: number): StigmerError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE') {
    return unavailable(`Port ${port} on ${host} is taken by another program. Give another one in GRPC_PORT, or stop that program.`, {
      reason: 'PORT_TAKEN',
      metadata: { host, port: String(port) },
      cause: error,
    });
  }
  return new StigmerError(Code.UNAVAILABLE, `The server cannot listen at ${host}:${port}: ${(error as Error).message}`, { cause: error });
}
