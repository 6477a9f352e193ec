import { describe, expect, it } from 'vitest';
import { type Network, addressFrom, formatAddress, parseAddress, urlFrom } from './network.js';

const networks: Readonly<Record<string, Network>> = {
  process: { kind: 'process' },
  'host network': { kind: 'host-network' },
  bridge: { kind: 'bridge', gateway: '172.30.0.1' },
  'Docker Desktop': { kind: 'docker-desktop' },
  Podman: { kind: 'podman' },
  remote: { kind: 'remote', host: '10.1.2.3' },
  'remote by IPv6': { kind: 'remote', host: 'fd00::7' },
};

describe.each([
  ['process', '127.0.0.1', '127.0.0.1:7234'],
  ['process', '::1', '[::1]:7234'],
  ['process', 'localhost', 'localhost:7234'],
  ['process', '0.0.0.0', '127.0.0.1:7234'],
  ['process', '::', '[::1]:7234'],
  ['process', 'temporal.example.org', 'temporal.example.org:7234'],
  ['host network', '127.0.0.1', '127.0.0.1:7234'],
  ['host network', '0.0.0.0', '127.0.0.1:7234'],
  ['bridge', '127.0.0.1', 'host.docker.internal:7234'],
  ['bridge', '::1', 'host.docker.internal:7234'],
  ['bridge', 'temporal.example.org', 'temporal.example.org:7234'],
  ['bridge', '127.0.0.1.example.org', '127.0.0.1.example.org:7234'],
  ['Docker Desktop', '127.0.0.1', 'host.docker.internal:7234'],
  ['Podman', '127.0.0.1', 'host.containers.internal:7234'],
  ['remote', '127.0.0.1', '10.1.2.3:7234'],
  ['remote', '0.0.0.0', '10.1.2.3:7234'],
  ['remote', '192.168.0.9', '192.168.0.9:7234'],
  ['remote by IPv6', '::', '[fd00::7]:7234'],
])('from %s, what listens at %s', (network, host, address) => {
  it(`is reached at ${address}`, () => {
    expect(addressFrom(networks[network]!, { host, port: 7234 })).toBe(address);
  });
});

describe('the URL of a service', () => {
  it.each([
    ['process', 'http://localhost:11434', 'http://localhost:11434'],
    ['bridge', 'http://localhost:11434', 'http://host.docker.internal:11434/'],
    ['bridge', 'http://[::1]:8000/v1', 'http://host.docker.internal:8000/v1'],
    ['remote by IPv6', 'http://127.0.0.1:8000/v1', 'http://[fd00::7]:8000/v1'],
    ['bridge', 'https://api.openai.com/v1', 'https://api.openai.com/v1'],
    ['bridge', 'no url', 'no url'],
  ])('from %s, %s is %s', (network, url, seen) => {
    expect(urlFrom(networks[network]!, url)).toBe(seen);
  });
});

it('reads the addresses that it writes', () => {
  for (const endpoint of [{ host: '::1', port: 1 }, { host: 'a.b', port: 65_535 }, { host: '127.0.0.1', port: 7233 }]) {
    expect(parseAddress(formatAddress(endpoint))).toEqual(endpoint);
  }
});
