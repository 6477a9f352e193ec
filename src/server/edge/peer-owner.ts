import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

/** Finds the user id that owns the other end of a connection on this machine; undefined when that cannot be told. */
export interface PeerOwner {
  ownerOf(socket: Socket): Promise<number | undefined>;
}

/**
 * Reads owners from the kernel's tables of TCP sockets (Linux only). Connections that arrive while the tables are being read share
 * the next reading, so a storm of connections costs a few readings and not one each.
 */
export function kernelPeerOwner(platform: NodeJS.Platform, read: (path: string) => Promise<string> = (path) => readFile(path, 'latin1')): PeerOwner {
  if (platform !== 'linux') return { ownerOf: async () => undefined };
  let reading: Promise<unknown> = Promise.resolve();
  let next: Promise<ReadonlyMap<string, number>> | undefined;

  async function readTables(): Promise<ReadonlyMap<string, number>> {
    const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((path) => read(path).catch(() => '')));
    const owners = new Map<string, number>();
    for (const table of tables) collectOwners(table, owners);
    return owners;
  }

  function shared(): Promise<ReadonlyMap<string, number>> {
    if (next === undefined) {
      const started = reading.then(() => {
        next = undefined;
        return readTables();
      });
      next = started;
      reading = started.catch(() => undefined);
    }
    return next;
  }

  return {
    async ownerOf(socket) {
      const { remoteAddress, remotePort, localAddress, localPort } = socket;
      if (remoteAddress === undefined || remotePort === undefined || localAddress === undefined || localPort === undefined) return undefined;
      const owners = await shared();
      return owners.get(pairKey(remoteAddress, remotePort, localAddress, localPort));
    },
  };
}

function pairKey(fromAddress: string, fromPort: number, toAddress: string, toPort: number): string {
  return `${plainAddress(fromAddress)}:${fromPort}>${plainAddress(toAddress)}:${toPort}`;
}

/** An IPv4 address that came in through an IPv6 socket is the IPv4 address. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

const ESTABLISHED = '01';

/**
 * Adds one line per live socket: `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode`. A socket whose process has
 * gone has inode 0 and is shown as root's, so only established ones with an inode count.
 */
function collectOwners(table: string, into: Map<string, number>): void {
  for (const line of table.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [, local, remote, state, , , , uid, , inode] = fields;
    if (state !== ESTABLISHED || local === undefined || remote === undefined || inode === undefined || inode === '0') continue;
    const from = parseEndpoint(local);
    const to = parseEndpoint(remote);
    if (from === undefined || to === undefined) continue;
    into.set(pairKey(from.address, from.port, to.address, to.port), Number(uid));
  }
}

/** `0100007F:1C42` → 127.0.0.1, 7234; IPv6 as four words in host byte order (little endian on every machine that runs Node). */
function parseEndpoint(text: string): { readonly address: string; readonly port: number } | undefined {
  const [hex, port] = text.split(':');
  if (hex === undefined || port === undefined) return undefined;
  const bytes = wordsToBytes(hex);
  if (bytes === undefined) return undefined;
  return { address: bytes.length === 4 ? bytes.join('.') : formatIpv6(bytes), port: Number.parseInt(port, 16) };
}

function wordsToBytes(hex: string): readonly number[] | undefined {
  if (hex.length !== 8 && hex.length !== 32) return undefined;
  const bytes: number[] = [];
  for (let word = 0; word < hex.length; word += 8) {
    for (let at = 6; at >= 0; at -= 2) bytes.push(Number.parseInt(hex.slice(word + at, word + at + 2), 16));
  }
  return bytes;
}

function formatIpv6(bytes: readonly number[]): string {
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  if (mapped) return bytes.slice(12).join('.');
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) groups.push((((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16));
  return compressIpv6(groups);
}

/** The longest run of zero groups becomes `::`, as Node prints addresses (RFC 5952). */
function compressIpv6(groups: readonly string[]): string {
  let best = { at: -1, length: 1 };
  for (let at = 0; at < groups.length; at += 1) {
    let length = 0;
    while (groups[at + length] === '0') length += 1;
    if (length > best.length) best = { at, length };
  }
  if (best.at < 0) return groups.join(':');
  return `${groups.slice(0, best.at).join(':')}::${groups.slice(best.at + best.length).join(':')}`;
}
