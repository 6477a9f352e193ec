import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { type Server, type Socket, createServer } from 'node:net';
import { invalidArgument } from '../contract/errors.js';
import { type ControlRequest, type ControlResponse, LONGEST_MESSAGE, parseRequest, toErrorText } from './control-protocol.js';
import type { DaemonStatus, StartProgress } from './control.js';

/** What a supervisor does for those who ask. */
export interface ControlHandlers {
  status(): Promise<DaemonStatus>;
  start(only: readonly string[] | undefined): Promise<DaemonStatus>;
  stop(now: boolean): Promise<DaemonStatus>;
  /** Tells how a start goes on, what happened before included. Returns the function that ends it. */
  onStart(listener: (progress: StartProgress) => void): () => void;
  /** Tells how a stop goes on. Returns the function that ends it. */
  onStop(listener: (progress: StartProgress) => void): () => void;
}

/** Most connections at a time: status is asked for by a few, and a lost client must not pile up. */
const MOST_CONNECTIONS = 64;

/** A client that does not read is cut off when so many bytes wait for it. */
const MOST_UNREAD_BYTES = 1024 * 1024;

/** The socket by which a supervisor is asked and told. */
export class ControlServer {
  readonly #handlers: ControlHandlers;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #answers = new Set<Promise<void>>();
  #tellAsked: () => void = () => undefined;
  /** Somebody has asked for a start. */
  readonly startAsked = new Promise<void>((resolve) => {
    this.#tellAsked = resolve;
  });

  constructor(handlers: ControlHandlers) {
    this.#handlers = handlers;
    this.#server = createServer((socket) => this.#serve(socket));
    this.#server.maxConnections = MOST_CONNECTIONS;
  }

  /** Listens at `path`, which only the user may open. A socket that a killed supervisor has left there is replaced: hold the lock. */
  async listen(path: string): Promise<void> {
    await rm(path, { force: true });
    this.#server.listen(path);
    await once(this.#server, 'listening');
    await chmod(path, 0o600);
  }

  /** Ends what is open, after what was answered has been sent, and takes nothing more. The socket's file is gone then. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    // The one who asked for the stop is answered when it is done.
    await Promise.all(this.#answers);
    for (const socket of this.#sockets) socket.end(() => socket.destroy());
    await closed;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    const gone = new AbortController();
    let received = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      gone.abort();
    });
    const take = (chunk: string): void => {
      received += chunk;
      const end = received.indexOf('\n');
      if (end < 0 && received.length <= LONGEST_MESSAGE) return;
      socket.off('data', take);
      socket.resume();
      const answer = this.#answer(socket, parseRequest(received.slice(0, Math.max(end, 0))), gone.signal);
      this.#answers.add(answer);
      void answer.finally(() => this.#answers.delete(answer));
    };
    socket.on('data', take);
  }

  async #answer(socket: Socket, request: ControlRequest | undefined, gone: AbortSignal): Promise<void> {
    const send = (response: ControlResponse): void => {
      if (gone.aborted) return;
      if (socket.writableLength > MOST_UNREAD_BYTES) socket.destroy();
      else socket.write(`${JSON.stringify(response)}\n`);
    };
    let ended = (): void => undefined;
    try {
      if (request === undefined) throw invalidArgument('request', 'is none that this supervisor knows: is the command line of the same version?');
      if (request.request !== 'status') {
        const listen = request.request === 'start' ? this.#handlers.onStart : this.#handlers.onStop;
        const end = listen((progress) => send({ progress }));
        gone.addEventListener('abort', end, { once: true });
        ended = end;
      }
      send({ result: await this.#handle(request) });
    } catch (error) {
      send({ error: toErrorText(error) });
    } finally {
      ended();
      socket.end();
    }
  }

  #handle(request: ControlRequest): Promise<DaemonStatus> {
    switch (request.request) {
      case 'status':
        return this.#handlers.status();
      case 'start':
        this.#tellAsked();
        return this.#handlers.start(request.only);
      case 'stop':
        return this.#handlers.stop(request.now);
    }
  }
}
