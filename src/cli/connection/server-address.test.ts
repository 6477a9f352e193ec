import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cliEnvironment, type CliEnvironment } from '../env.js';
import { readConfig } from './config-file.js';
import { serverAddress, userTokenPath } from './server-address.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'stigmer-cli-'));
});
afterEach(() => rmSync(home, { recursive: true }));

function environment(all: Record<string, string>): CliEnvironment {
  const whole = { STIGMER_HOME: home, ...all };
  return { values: cliEnvironment.read(whole), all: whole };
}
const config = (text: string) => writeFileSync(join(home, 'config.yaml'), text);
const address = async (flag: string | undefined, all: Record<string, string> = {}, running?: () => Promise<string | undefined>) => serverAddress(flag, environment(all), await readConfig(home), running);

describe('the address of the server', () => {
  it('is taken from the flag, then the environment, then the configuration, then the default', async () => {
    expect(await address(undefined)).toMatchObject({ endpoint: '127.0.0.1:7234', source: 'default' });
    config('server:\n  endpoint: localhost:1\n');
    expect(await address(undefined)).toMatchObject({ endpoint: 'localhost:1', source: join(home, 'config.yaml') });
    expect(await address(undefined, { STIGMER_SERVER_ADDR: 'localhost:2' })).toMatchObject({ endpoint: 'localhost:2', source: 'STIGMER_SERVER_ADDR' });
    expect(await address(undefined, { STIGMER_ENDPOINT: 'localhost:3' })).toMatchObject({ endpoint: 'localhost:3', source: 'STIGMER_ENDPOINT' });
    expect(await address('localhost:4', { STIGMER_ENDPOINT: 'localhost:3' })).toMatchObject({ endpoint: 'localhost:4', source: '--endpoint' });
  });

  it('is that of the server which runs here, when nobody has said another', async () => {
    const running = async (): Promise<string> => '127.0.0.1:9999';
    expect(await address(undefined, {}, running)).toMatchObject({ endpoint: '127.0.0.1:9999', source: 'default' });
    expect(await address('localhost:4', {}, running)).toMatchObject({ endpoint: 'localhost:4' });
    expect(await address(undefined, {}, async () => undefined)).toMatchObject({ endpoint: '127.0.0.1:7234' });
  });

  it('has no scheme', async () => {
    await expect(address('http://localhost:7234')).rejects.toThrow("--endpoint: 'http://localhost:7234' must be host:port, without a scheme");
  });

  it('is reached encrypted, unless it is of this machine or somebody says otherwise', async () => {
    for (const endpoint of ['127.0.0.1:1', 'localhost:1', '[::1]:1', '127.8.0.1:1']) expect((await address(endpoint)).tls).toBe(false);
    for (const endpoint of ['10.0.0.1:1', 'example.org:443', '127.evil.org:1']) expect((await address(endpoint)).tls).toBe(true);
    expect((await address('server:1', { STIGMER_SERVER_TLS: '0' })).tls).toBe(false);
  });

  it('knows the cloud of the original\'s configuration', async () => {
    config('backend:\n  type: cloud\n  cloud:\n    endpoint: cloud.example:443\n    token: cloud-token\n    org_id: acme\n');
    const found = await address(undefined);
    expect(found).toMatchObject({ endpoint: 'cloud.example:443', tls: true });
    expect(found.token()).toBe('cloud-token');
    expect((await readConfig(home)).organization).toBe('acme');
    expect((await address('other.example:443')).token()).toBe('');
  });
});

describe('the token', () => {
  const store = (token: string): void => {
    mkdirSync(dirname(userTokenPath(home)), { recursive: true });
    writeFileSync(userTokenPath(home), `${token}\n`, { mode: 0o600 });
  };

  it('is read from the state folder at each call', async () => {
    const { token } = await address(undefined);
    expect(token()).toBe('');
    store('one');
    expect(token()).toBe('one');
    store('two');
    expect(token()).toBe('two');
  });

  it('of this machine is not shown to another one', async () => {
    store('local');
    expect((await address('example.org:443')).token()).toBe('');
    expect((await address('example.org:443', { STIGMER_TOKEN: 'given' })).token()).toBe('given');
  });
});

describe('the configuration', () => {
  it('is refused with file, line and column when it is no YAML', async () => {
    config('server:\n  endpoint: "x\n');
    await expect(readConfig(home)).rejects.toThrow(/config\.yaml:\d+:\d+: /);
  });

  it('is refused by key when a value is of the wrong kind', async () => {
    config('server:\n  endpoint: [1]\n');
    await expect(readConfig(home)).rejects.toThrow(/config\.yaml: server\.endpoint must be a text/);
  });
});
