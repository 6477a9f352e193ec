import { isIPv4 } from 'node:net';

/** Where a child runs, seen from the network: it decides by which address the child reaches what the supervisor's machine listens on. */
export type Network =
  /** A process on this machine. */
  | { readonly kind: 'process' }
  /** A container that shares this machine's network. */
  | { readonly kind: 'host-network' }
  /** A container on our own bridge network; `gateway` is this machine's address there. It knows it as host.docker.internal. */
  | { readonly kind: 'bridge'; readonly gateway: string }
  /** A container of Docker Desktop, whose virtual machine hands host.docker.internal on to this machine's loopback. */
  | { readonly kind: 'docker-desktop' }
  /** A container of Podman, which gives this machine the name host.containers.internal. */
  | { readonly kind: 'podman' }
  /** Another machine, from which this one is reached as `host`: a name, an IPv4 address, or an IPv6 address without brackets. */
  | { readonly kind: 'remote'; readonly host: string };

/** A host and a port: where something listens on this machine, or a service elsewhere by a name that holds everywhere. */
export interface Endpoint {
  /** Name, IPv4 address, or IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * The address by which a child in `network` reaches `endpoint`. What listens on this machine's loopback, or on all of its addresses,
 * is reached by the machine's name there; anything else has a name of its own, which stays.
 */
export function addressFrom(network: Network, endpoint: Endpoint): string {
  const { host, port } = endpoint;
  return isThisMachine(host) ? formatAddress({ host: machineFrom(network, host), port }) : formatAddress(endpoint);
}

/** As {@link addressFrom}, for the host of a URL. A URL that cannot be read is left to the program that it is for, which says so. */
export function urlFrom(network: Network, text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!isThisMachine(host)) return text;
  const seen = machineFrom(network, host);
  if (seen === host) return text;
  url.hostname = seen.includes(':') ? `[${seen}]` : seen;
  return url.href;
}

/** Host and port of an http or https URL; undefined for what is none. */
export function parseUrlEndpoint(text: string): Endpoint | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const { hostname, port, protocol } = new URL(text);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
}

/** `host:port`, an IPv6 host in brackets. */
export function formatAddress({ host, port }: Endpoint): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Reads `host:port`, an IPv6 host in brackets, as the programs' address variables have it. */
export function parseAddress(address: string): Endpoint {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}

/** Loopback, or the addresses that stand for all of a machine's. */
export function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '::' || host === '0.0.0.0' || (isIPv4(host) && host.startsWith('127.'));
}

function machineFrom(network: Network, host: string): string {
  switch (network.kind) {
    case 'process':
    case 'host-network':
      if (host === '0.0.0.0') return '127.0.0.1';
      return host === '::' ? '::1' : host;
    case 'bridge':
    case 'docker-desktop':
      return 'host.docker.internal';
    case 'podman':
      return 'host.containers.internal';
    case 'remote':
      return network.host;
  }
}
