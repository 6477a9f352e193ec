import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../src/contract/clock.js';
import type { EnvironmentSource } from '../src/contract/environment.js';
import { StigmerError } from '../src/contract/errors.js';
import { type ComposeOptions, composeSupervisor } from '../src/daemon/compose.js';
import { containerName } from '../src/daemon/containers/names.js';
import type { ComponentStatus } from '../src/daemon/control.js';
import { readSupervisorSettings } from '../src/daemon/env.js';
import { homeAt } from '../src/daemon/home.js';
import { freePort } from '../src/daemon/supervision/ports.js';
import type { Supervisor } from '../src/daemon/supervisor.js';
import { temporalBinary } from './support/temporal.js';

const root = resolve(import.meta.dirname, '..');
const IMAGE = 'stigmer/agent-runner:under-test';
const BASE = 'stigmer-test-base:local';

/** What the image is built on needs no registry: this machine's own Node. */
const hasDocker = process.platform === 'linux' && spawnSync('docker', ['info', '--format', '{{.ServerVersion}}'], { encoding: 'utf8' }).stdout?.trim() !== '';

let home: string;
let supervisor: Supervisor | undefined;
let ports: { grpc: number; temporal: number };

const docker = async (...args: string[]): Promise<string> => (await promisify(execFile)('docker', args)).stdout.trim();
const container = (): string => containerName(homeAt(home), 'agent-runner-1');

async function start(mode: 'container' | 'process' = 'container', changes: Partial<ComposeOptions> = {}): Promise<void> {
  ports = { grpc: await freePort('127.0.0.1'), temporal: await freePort('127.0.0.1') };
  const env: EnvironmentSource = {
    ...process.env,
    STIGMER_HOME: home,
    STIGMER_GRPC_PORT: String(ports.grpc),
    STIGMER_HTTP_PORT: String(await freePort('127.0.0.1')),
    STIGMER_TEMPORAL_PORT: String(ports.temporal),
    STIGMER_TEMPORAL_BIN: await temporalBinary(),
    STIGMER_RUNNER_MODE: mode,
    STIGMER_RUNNER_IMAGE: IMAGE,
    STIGMER_LLM_PROVIDER: 'openai',
    STIGMER_LLM_MODEL: 'm',
    OPENAI_API_KEY: 'sk-very-secret',
  };
  supervisor = await composeSupervisor({ settings: readSupervisorSettings(env), env, clock: systemClock, random: Math.random, ...changes });
  await supervisor.start();
}

async function runner(): Promise<ComponentStatus> {
  const { components } = await supervisor!.status();
  return components.find(({ name }) => name === 'agent-runner-1')!;
}

describe.runIf(hasDocker)('an agent-runner in a container', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    await temporalBinary();
    execFileSync(process.execPath, ['scripts/import-base-image.mjs', BASE], { cwd: root, stdio: 'ignore' });
    execFileSync(process.execPath, ['scripts/build-images.mjs', '--base', BASE, '--tag', IMAGE], { cwd: root, stdio: 'ignore' });
  }, 300_000);

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'stigmer-containers-'));
  });

  afterEach(async () => {
    await supervisor?.stop(true);
    supervisor = undefined;
    await rm(home, { recursive: true, force: true });
  }, 60_000);

  it('is given the address by the name that this machine has there, and calls back from that very container', async () => {
    await start();
    const [described] = JSON.parse(await docker('inspect', container())) as [{ Config: { Env: string[]; User: string; Cmd: null }; HostConfig: { CapDrop: string[]; ReadonlyRootfs: boolean }; Mounts: { Source: string }[] }];
    expect(described.Config.Env).toContain(`STIGMER_BACKEND_ENDPOINT=host.docker.internal:${ports.grpc}`);
    expect(described.Config.Env).toContain(`TEMPORAL_SERVICE_ADDRESS=host.docker.internal:${ports.temporal}`);
    expect(described.Config.Env.map((entry) => entry.split('=')[0])).not.toContain('STIGMER_BACKEND_URL');
    expect(described.Config.User).not.toMatch(/^0/);
    expect(described.HostConfig).toMatchObject({ CapDrop: ['ALL'], ReadonlyRootfs: true });
    expect(described.Mounts.map(({ Source }) => Source).filter((source) => source.includes('docker.sock'))).toEqual([]);
    // Ready: the server has seen the lease of this container's host name.
    expect(await runner()).toMatchObject({ state: 'ready', container: container(), memoryBytes: expect.any(Number) as number });
  });

  it('keeps keys and token from every command line of this machine', async () => {
    await start();
    const lines = await promisify(execFile)('ps', ['-eo', 'args', '-ww']);
    expect(lines.stdout).toContain(`--name ${container()}`);
    expect(lines.stdout).not.toContain('sk-very-secret');
  });

  it('is started again when it is killed, and takes its lease anew', async () => {
    await start();
    const before = await docker('inspect', '--format', '{{.Id}}', container());
    const again = new Promise<void>((done) => {
      supervisor!.onProgress((progress) => {
        if (progress.type === 'component' && progress.component.name === 'agent-runner-1' && progress.component.state === 'ready') done();
      });
    });
    await docker('kill', container());
    await again;
    expect(await docker('inspect', '--format', '{{.Id}}', container())).not.toBe(before);
    expect(await runner()).toMatchObject({ restarts: 1, lastError: expect.stringContaining('exited with code 137') as string });
  });

  it('with its address by a name that it does not read ends in an error that names component, address and variable', async () => {
    const url = 'http://host.docker.internal:7234';
    const failure = await start('container', { environmentOverrides: { 'agent-runner-1': { STIGMER_BACKEND_ENDPOINT: undefined, STIGMER_BACKEND_URL: url } } }).then(
      () => expect.fail('it started'),
      (error: unknown) => StigmerError.from(error),
    );
    expect(failure.message).toContain('agent-runner-1 did not start: it exited with code 2');
    expect(failure.message).toContain('STIGMER_BACKEND_URL is set, and is not read');
    expect(failure.message).toContain(`agent-runner-1 was given no STIGMER_BACKEND_ENDPOINT`);
    expect(failure.message).toContain(`STIGMER_BACKEND_URL=${url}, which it does not read`);
  });

  it('leaves no container and no network behind when it is stopped', async () => {
    await start();
    await supervisor!.stop();
    const ours = ['--filter', `label=ai.stigmer.home=${home}`, '--quiet'];
    expect([await docker('ps', '--all', ...ours), await docker('network', 'ls', ...ours)]).toEqual(['', '']);
  });

  it('is a process again when the same home is started without containers', async () => {
    await start();
    await supervisor!.stop();
    await start('process');
    expect(await runner()).toMatchObject({ state: 'ready', pid: expect.any(Number) as number });
  });

  it('is the only one that comes through to Temporal', async () => {
    await start();
    const gateway = await docker('network', 'inspect', '--format', '{{(index .IPAM.Config 0).Gateway}}', await docker('inspect', '--format', '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}', container()));
    const attempt = `const s = require('net').connect(${ports.temporal}, '${gateway}'); s.on('error', () => {}).on('close', () => { console.log('closed'); process.exit() }); s.write('PRI * HTTP/2.0'); setTimeout(() => { console.log('open'); process.exit() }, 3000);`;
    // This machine itself is no container of ours, and reaches the same address.
    expect((await promisify(execFile)(process.execPath, ['-e', attempt])).stdout.trim()).toBe('closed');
  });
});
