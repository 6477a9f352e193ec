import type { Socket } from 'node:net';
import { plainAddress, type PeerOwner } from './peer-owner.js';

/** What is known of a connection before its first call. */
export interface ConnectionFacts {
  /** The peer is on this machine's loopback. */
  readonly loopback: boolean;
  /** User id that owns the peer's socket; undefined when that cannot be told. */
  readonly owner: number | undefined;
  /** It came in at an address that takes runners' tokens only. */
  readonly runnersOnly: boolean;
}

/** The open connections, by the peer's `address:port` as grpc-js names it in a call. Holds one entry for as long as the socket lives. */
export class Connections {
  readonly #open = new Map<string, ConnectionFacts>();
  readonly #peerOwner: PeerOwner;

  constructor(peerOwner: PeerOwner) {
    this.#peerOwner = peerOwner;
  }

  /** Notes a new connection. Resolves once its owner is known, or false when it was closed meanwhile. */
  async admit(socket: Socket, runnersOnly: boolean): Promise<boolean> {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    const loopback = isLoopback(socket.remoteAddress ?? '');
    const owner = loopback ? await this.#peerOwner.ownerOf(socket) : undefined;
    if (socket.destroyed) return false;
    this.#open.set(peer, { loopback, owner, runnersOnly });
    socket.once('close', () => this.#open.delete(peer));
    return true;
  }

  /** What is known of the connection that a call came in on. */
  of(peer: string): ConnectionFacts | undefined {
    return this.#open.get(peer);
  }

  get size(): number {
    return this.#open.size;
  }
}

/** Whether an address is this machine's loopback: 127.0.0.0/8 or ::1. */
export function isLoopback(address: string): boolean {
  const plain = plainAddress(address);
  return plain === '::1' || /^127\.\d+\.\d+\.\d+$/.test(plain);
}
