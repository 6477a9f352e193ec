import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { Agent } from 'undici';

/** An address that nobody outside of this machine's network has. */
export class InternalAddress extends Error {
  override readonly name = 'InternalAddress';
}

const INTERNAL: readonly (readonly [network: string, prefix: number, family: 'ipv4' | 'ipv6'])[] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['224.0.0.0', 4, 'ipv4'],
  ['240.0.0.0', 4, 'ipv4'],
  ['::', 128, 'ipv6'],
  ['::1', 128, 'ipv6'],
  ['64:ff9b::', 96, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
];

const internal = INTERNAL.reduce((list, [network, prefix, family]) => {
  list.addSubnet(network, prefix, family);
  return list;
}, new BlockList());

/** Whether an address is one of this machine or of a network that is not public. */
export function isInternal(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return isInternal(mapped);
  // What is mapped in another spelling is refused as a whole: no one publishes such an address.
  if (/^::ffff:/i.test(address)) return true;
  return internal.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/**
 * Connects to public addresses only, and to those hosts that are allowed (`host` or `host:port`). The address that was checked is the
 * one that is connected to, so a name cannot change in between. Throws InternalAddress.
 */
export function guardedAgent(allowed: readonly string[]): Agent {
  return new Agent({
    connect: {
      timeout: 10_000,
      lookup: (hostname, options, done) => {
        systemLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
          if (error) return done(error, '', 0);
          const refused = addresses.find(({ address }) => isInternal(address));
          if (refused && !allowed.includes(hostname) && !allowed.some((entry) => entry.startsWith(`${hostname}:`))) {
            return done(new InternalAddress(`${hostname} is ${refused.address}, an internal address`), '', 0);
          }
          if (options.all === true) return done(null, addresses as never, 0);
          const [first] = addresses;
          return done(null, first?.address ?? '', first?.family ?? 4);
        });
      },
    },
    headersTimeout: 300_000,
    bodyTimeout: 300_000,
    keepAliveTimeout: 1_000,
  });
}

/** Refuses a URL whose host is an internal address as it stands: for those no name is looked up. Throws InternalAddress. */
export function checkUrl(url: URL, allowed: readonly string[]): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const isAllowed = allowed.includes(host) || allowed.includes(`${host}:${port}`);
  const byName = !isIP(host) && allowed.some((entry) => entry.startsWith(`${host}:`));
  if (byName && !isAllowed) throw new InternalAddress(`${host}:${port} is not among the allowed internal addresses`);
  if (isIP(host) && isInternal(host) && !isAllowed) throw new InternalAddress(`${host} is an internal address`);
}
