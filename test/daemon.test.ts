import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { type Server, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DaemonStatus, type StartProgress, daemonStatus, readDaemonLogs, startDaemon, stopDaemon } from '../src/daemon/control.js';
import { homeAt } from '../src/daemon/home.js';
import { type ProcessIdentity, identify, isRunning } from '../src/daemon/supervision/process-identity.js';
import { freePort } from '../src/daemon/supervision/ports.js';
import { temporalBinary } from './support/temporal.js';

/** The first call of all may fetch the Temporal CLI. */
const FETCH_MS = 300_000;
const root = resolve(import.meta.dirname, '..');
const NAMES = ['temporal', 'server', 'worker', 'demo-model', 'agent-runner-1'];

let temporal: string;
let home: string;
let ports: { grpcPort: number; httpPort: number; temporalPort: number };

beforeAll(async () => {
  temporal = await temporalBinary();
}, FETCH_MS);

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'stigmer-daemon-'));
  const [grpcPort, httpPort, temporalPort] = [await freePort('127.0.0.1'), await freePort('127.0.0.1'), await freePort('127.0.0.1')];
  ports = { grpcPort, httpPort, temporalPort };
});

afterEach(async () => {
  await stopDaemon(home, { now: true }, () => undefined);
  await rm(home, { recursive: true, force: true });
}, 60_000);

/** As a person's shell has it, with no model provider. */
const environment = () => ({ PATH: process.env['PATH'], HOME: home, STIGMER_TEMPORAL_BIN: temporal, OLLAMA_BASE_URL: 'http://127.0.0.1:1', STIGMER_START_TIMEOUT_S: '60', STIGMER_RUNNER_MODE: 'process' });

async function start(told: StartProgress[] = []): Promise<{ status: DaemonStatus; alreadyRunning: boolean }> {
  return startDaemon({ home, demoModel: true, ...ports, env: environment() }, (progress) => told.push(progress));
}

/** Every process of a status, the supervisor's own first. */
async function processes({ pid, components }: DaemonStatus): Promise<ProcessIdentity[]> {
  const identities = await Promise.all([pid, ...components.flatMap((component) => component.pid ?? [])].map(identify));
  return identities.map((identity) => identity!);
}

async function untilGone(identities: readonly ProcessIdentity[]): Promise<void> {
  for (const identity of identities) while (await isRunning(identity)) await new Promise((done) => setTimeout(done, 20));
}

describe('a supervisor in the background', { timeout: 180_000 }, () => {
  it('is started, asked, and stopped, and leaves nothing behind', async () => {
    const told: StartProgress[] = [];
    const { status, alreadyRunning } = await start(told);
    expect(alreadyRunning).toBe(false);
    expect(status.components.map(({ name, state }) => `${name} ${state}`)).toEqual(NAMES.map((name) => `${name} ready`));
    expect(status.components.find(({ name }) => name === 'agent-runner-1')?.detail).toContain(`STIGMER_BACKEND_ENDPOINT=127.0.0.1:${ports.grpcPort}`);
    expect(told).toContainEqual(expect.objectContaining({ type: 'message', text: expect.stringContaining('a scripted demo model stands in') as string }));

    const asked = (await daemonStatus(home))!;
    expect(asked.pid).toBe(status.pid);
    const started = await processes(asked);
    expect((await stat(homeAt(home).socket)).mode & 0o777).toBe(0o600);

    const again = await start();
    expect(again.alreadyRunning).toBe(true);
    expect(await processes(again.status)).toEqual(started);

    const lines = [];
    for await (const line of readDaemonLogs(home, { components: ['agent-runner'], follow: false }, new AbortController().signal)) lines.push(line.component);
    expect(new Set(lines)).toEqual(new Set(['agent-runner-1']));

    expect(await stopDaemon(home, { now: false }, () => undefined)).toBe(true);
    for (const identity of started) expect(await isRunning(identity)).toBe(false);
    expect(existsSync(homeAt(home).socket)).toBe(false);
    expect(existsSync(homeAt(home).lock)).toBe(false);
    expect(await daemonStatus(home)).toBeUndefined();
    expect(await stopDaemon(home, { now: false }, () => undefined)).toBe(false);
  });

  it('that is killed takes its children along; a stop ends the rest, and a start begins anew', async () => {
    const first = await processes((await start()).status);
    process.kill(first[0]!.pid, 'SIGKILL');
    // At once, while its children are still on their way out of the same ports.
    const { status, alreadyRunning } = await start();
    expect(alreadyRunning).toBe(false);
    for (const identity of first) expect(await isRunning(identity)).toBe(false);
    const second = await processes(status);
    process.kill(second[0]!.pid, 'SIGKILL');
    expect(await stopDaemon(home, { now: false }, () => undefined)).toBe(true);
    await untilGone(second);
  });

  it('that does not answer is killed by a stop that is told to', async () => {
    const started = await processes((await start()).status);
    process.kill(started[0]!.pid, 'SIGSTOP');
    await expect(stopDaemon(home, { now: false }, () => undefined)).rejects.toThrow(/does not answer within 10 s; `stigmer server stop --now`/);
    expect(await stopDaemon(home, { now: true }, () => undefined)).toBe(true);
    await untilGone(started);
  });

  it.runIf(process.platform === 'linux')('goes on when whoever started it is interrupted', async () => {
    const { status } = await start();
    // Its own session: a Ctrl-C goes to the group of the terminal.
    const fields = (await readFile(`/proc/${status.pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
    expect({ group: Number(fields[2]), session: Number(fields[3]) }).toEqual({ group: status.pid, session: status.pid });
  });

  it('that cannot start says why and leaves nothing running', async () => {
    const squatter: Server = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    ports.grpcPort = (squatter.address() as AddressInfo).port;
    await expect(start()).rejects.toThrow(new RegExp(`^server cannot start: port ${ports.grpcPort} is taken by .*; choose another with --grpc-port$`));
    squatter.close();
    await expect(start()).resolves.toMatchObject({ alreadyRunning: false });
  });

  it('refuses an environment that it cannot read, before anything is started', async () => {
    const env = { ...environment(), TEMPORAL_SERVICE_ADDRESS: 'http://localhost:7233' };
    await expect(startDaemon({ home, demoModel: true, env }, () => undefined)).rejects.toThrow(/^TEMPORAL_SERVICE_ADDRESS "http:\/\/localhost:7233" must be host:port without a scheme/);
  });
});

describe('stigmer-server', { timeout: 180_000 }, () => {
  const run = (...args: string[]): ChildProcess =>
    spawn(process.execPath, [join(root, 'bin', 'stigmer-server'), ...args], { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  const portFlags = () => ['--grpc-port', String(ports.grpcPort), '--http-port', String(ports.httpPort), '--temporal-port', String(ports.temporalPort)];
  const startArgs = () => ['start', '--home', home, '--demo-model', ...portFlags()];

  it('starts everything in the foreground, and stops all of it on Ctrl-C', async () => {
    const foreground = run(...startArgs());
    let printed = '';
    await new Promise<void>((ready) => {
      foreground.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
        printed += chunk;
        if (printed.includes('Ctrl-C stops all of it')) ready();
      });
    });
    for (const name of NAMES) expect(printed).toContain(`✓ ${name}`);
    const started = await processes((await daemonStatus(home))!);

    const second = run(...startArgs());
    const [complaint, [code]] = await Promise.all([text(second.stderr!), once(second, 'exit')]);
    expect(code).toBe(1);
    expect(complaint).toMatch(new RegExp(`^a supervisor for ${home} is running already: .* \\(pid ${foreground.pid}\\)`));

    foreground.kill('SIGINT');
    expect(await once(foreground, 'exit')).toEqual([0, null]);
    for (const identity of started) expect(await isRunning(identity)).toBe(false);
  });

  it.each([
    [[], 0, /^Usage: stigmer-server start/],
    [['--help'], 0, /^Usage/],
    [['stop'], 2, /^stigmer-server does not know 'stop'/],
    [['start', '--prot', '1'], 2, /--prot/],
    [['start', '--grpc-port', 'x'], 1, /^STIGMER_GRPC_PORT "x" must be a whole number from 1 to 65535/],
  ])('%j ends with code %d', async (args, code, words) => {
    const child = run(...args);
    const [out, err, [exit]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'exit')]);
    expect(exit).toBe(code);
    expect(code === 0 ? out : err).toMatch(words);
  });
});
