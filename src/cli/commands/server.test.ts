import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { create } from '@bufbuild/protobuf';
import { cli, type CliOptions, startCli } from '../../../test/support/cli.js';
import { type GrpcPeer, startGrpcPeer } from '../../../test/support/grpc-peer.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { until } from '../../../test/support/rpc.js';
import { unavailable } from '../../contract/errors.js';
import { ExecutionStream, WatchListResponseSchema } from '../../contract/gen/stigmer/stream/v1/stream_pb.js';
import { Phase } from '../../contract/phases.js';
import type { ComponentStatus, DaemonStatus, LogQuery, StartOptions } from '../../daemon/control.js';

const component = (name: string, more: Partial<ComponentStatus> = {}): ComponentStatus => ({ name, state: 'ready', since: new Date().toISOString(), restarts: 0, ...more });
const daemonStatus = (...components: ComponentStatus[]): DaemonStatus => ({ home: '/h', pid: 42, startedAt: new Date().toISOString(), version: '0.1.0', components, diskBytes: 2048 });

const run = (line: string, options: CliOptions = {}) => cli(line.split(' '), options);

describe('stigmer server start', () => {
  it('shows each part as it becomes ready, once, and how long it took', async () => {
    const temporal = component('temporal', { address: '127.0.0.1:7233' });
    const runner = component('agent-runner-1', { container: 'stigmer-agent-runner-1', detail: 'called back in 0.4 s' });
    const { code, stdout, stderr } = await run('server', {
      daemon: {
        startDaemon: async (_options, onProgress) => {
          onProgress({ type: 'message', text: 'downloading temporal' });
          onProgress({ type: 'component', component: { ...temporal, state: 'starting' }, elapsedMs: 10 });
          onProgress({ type: 'component', component: temporal, elapsedMs: 20 });
          onProgress({ type: 'component', component: temporal, elapsedMs: 30 });
          return { status: daemonStatus(temporal, runner), alreadyRunning: false };
        },
      },
    });
    expect(stdout).toMatch(/^✓ temporal {10}127\.0\.0\.1:7233\n✓ agent-runner-1 {4}container stigmer-agent-runner-1 {3}called back in 0\.4 s\nReady in \d\.\d s\n$/);
    expect(stderr).toBe('  downloading temporal\n');
    expect(code).toBe(0);
  });

  it('shows on a terminal what is under way', async () => {
    const clock = new ManualClock();
    let ready: () => void = () => undefined;
    const running = startCli(['server'], {
      columns: 60,
      clock,
      daemon: {
        startDaemon: async (_options, onProgress) => {
          for (const name of ['temporal', 'server']) onProgress({ type: 'component', component: component(name, { state: 'starting', detail: 'unpacking' }), elapsedMs: 0 });
          await new Promise<void>((resolve) => (ready = resolve));
          return { status: daemonStatus(component('temporal'), component('server')), alreadyRunning: false };
        },
      },
    });
    await until(() => running.out.screen.includes('temporal starting'));
    await clock.advance(2_500);
    expect(running.out.screen).toBe('… 2.5 s  temporal starting: unpacking (and server)');
    ready();
    expect(await running.code).toBe(0);
    expect(running.out.screen).toBe('✓ temporal\n✓ server\nReady in 2.5 s\n');
    expect(clock.pending).toBe(0);
  });

  it('hands over home, ports, parts and environment', async () => {
    let given: StartOptions | undefined;
    await run('server start --only server,worker --only temporal --port 1 --http-port 2 --temporal-port 3 --demo-model --sandbox-ttl 5', {
      env: { STIGMER_HOME: '/my/home', OTHER: 'x' },
      daemon: {
        startDaemon: async (options) => {
          given = options;
          return { status: daemonStatus(), alreadyRunning: false };
        },
      },
    });
    expect(given).toMatchObject({ home: '/my/home', only: ['server', 'worker', 'temporal'], grpcPort: 1, httpPort: 2, temporalPort: 3, demoModel: true, env: { OTHER: 'x' } });
  });

  it('says that it runs already, and that a flag of the original has no effect', async () => {
    const { stdout, stderr } = await run('server start --sandbox-image x', { daemon: { startDaemon: async () => ({ status: daemonStatus(component('server', { address: 'h:1' })), alreadyRunning: true }) } });
    expect(stdout).toContain('The server runs already, since');
    expect(stdout).toContain('✓ server            h:1\n');
    expect(stderr).toBe('⚠ --sandbox-image has no effect\n');
  });

  it('tells of a part that falls over, once for each reason, and fails with what the supervisor says', async () => {
    const { code, stderr } = await run('server start', {
      daemon: {
        startDaemon: async (_options, onProgress) => {
          const failed = component('agent-runner-1', { state: 'failed', lastError: 'STIGMER_BACKEND_ENDPOINT is not set' });
          onProgress({ type: 'component', component: failed, elapsedMs: 1 });
          onProgress({ type: 'component', component: failed, elapsedMs: 2 });
          throw unavailable('agent-runner-1 did not become ready: STIGMER_BACKEND_ENDPOINT is not set');
        },
      },
    });
    expect(stderr.match(/✗ agent-runner-1: STIGMER_BACKEND_ENDPOINT is not set/g)).toHaveLength(1);
    expect(stderr).toContain('✗ agent-runner-1 did not become ready');
    expect(code).toBe(4);
  });
});

describe('stigmer server status', () => {
  it('shows every part with its last error, and ends with 1 when one is not ready', async () => {
    const status = daemonStatus(
      component('server', { address: '127.0.0.1:7234', pid: 7, memoryBytes: 90 * 1024 * 1024, detail: 'http 127.0.0.1:7235' }),
      component('agent-runner-1', { state: 'backing-off', restarts: 3, lastError: 'exit code 137, out of memory' }),
    );
    const { code, stdout } = await run('server status', { daemon: { daemonStatus: async () => status } });
    expect(stdout).toMatch(/^stigmer 0\.1\.0 · pid 42 · up 0 s · \/h · 2\.0 KB on disk\n/);
    expect(stdout).toContain('server          ✓ ready               0 s    127.0.0.1:7234  7              90 MB\n');
    expect(stdout).toContain('agent-runner-1  ↻ waiting to restart  0 s                         3\n');
    expect(stdout).toContain('server: http 127.0.0.1:7235\nagent-runner-1: last error: exit code 137, out of memory\n  → stigmer server logs -c agent-runner-1\n');
    expect(code).toBe(1);
    expect((await run('server status', { daemon: { daemonStatus: async () => daemonStatus(component('server')) } })).code).toBe(0);
  });

  it('ends with 4 when none runs', async () => {
    const none = { daemon: { daemonStatus: async () => undefined } };
    expect(await run('server status', none)).toMatchObject({ code: 4, stdout: 'The server is not running (/nowhere/stigmer).\n  → stigmer server start\n' });
    const { code, stdout } = await run('server status -o json', none);
    expect(JSON.parse(stdout)).toEqual({ running: false, home: '/nowhere/stigmer' });
    expect(code).toBe(4);
  });
});

describe('stigmer server stop', () => {
  let peer: GrpcPeer;
  let stopped: { now: boolean }[];
  beforeEach(async () => {
    peer = await startGrpcPeer();
    stopped = [];
    peer.stream(ExecutionStream.method.watchList, async function* ({ phases }) {
      const executions = phases.join() === String(Phase.IN_PROGRESS) ? [{ executionId: 'aex-1', name: 'execution-1' }] : [];
      yield create(WatchListResponseSchema, { item: { case: 'snapshot', value: { executions } } });
    });
  });
  afterEach(() => peer.down());

  const stop = (line: string, options: CliOptions = {}, runs = true) =>
    run(line, {
      daemon: {
        daemonStatus: async () => (runs ? daemonStatus(component('server', { address: peer.endpoint })) : undefined),
        stopDaemon: async (_home, given, onProgress) => {
          stopped.push(given);
          onProgress({ type: 'component', component: component('server', { state: 'stopped' }), elapsedMs: 5 });
          return runs;
        },
        startDaemon: async () => ({ status: daemonStatus(), alreadyRunning: false }),
      },
      ...options,
    });

  it('lists what is in progress and asks', async () => {
    const agreed = await stop('server stop', { answers: ['y'] });
    expect(agreed.stderr).toBe('⚠ 1 execution in progress:\n    aex-1  execution-1\n');
    expect(agreed.stdout).toMatch(/^○ server stopped\nStopped in \d\.\d s\n$/);
    expect(agreed.code).toBe(0);
    expect((await stop('server stop', { answers: ['n'] })).code).toBe(130);
    expect(stopped).toHaveLength(1);
  });

  it('refuses where nobody can be asked, unless told not to ask', async () => {
    expect(await stop('server stop')).toMatchObject({ code: 2, stderr: expect.stringContaining('pass --now') });
    expect(stopped).toEqual([]);
    expect((await stop('server stop --now')).code).toBe(0);
    expect(stopped).toEqual([{ now: true }]);
  });

  it('stops at once when nothing is in progress, or the server does not answer', async () => {
    peer.stream(ExecutionStream.method.watchList, async function* () {
      yield create(WatchListResponseSchema, { item: { case: 'snapshot', value: {} } });
    });
    expect((await stop('server stop')).code).toBe(0);
    peer.down();
    const { code, stderr } = await stop('server stop');
    expect(stderr).toContain(`the server at ${peer.endpoint} could not be asked for executions in progress`);
    expect(code).toBe(0);
  });

  it('is no error when nothing runs', async () => {
    expect(await stop('server stop', {}, false)).toMatchObject({ code: 0, stdout: expect.stringContaining('The server is not running.') });
    expect((await stop('server restart', {}, false)).stdout).toContain('Ready in');
  });
});

describe('stigmer server logs', () => {
  const logs = async (line: string, options: CliOptions = {}) => {
    let asked: LogQuery | undefined;
    const result = await run(line, {
      daemon: {
        readDaemonLogs: async function* (_home, query) {
          asked = query;
          yield { time: '2026-01-26T10:00:00.000Z', component: 'server', level: 'info', text: 'listening' };
          yield { time: '2026-01-26T10:00:01.000Z', component: 'agent-runner-1', level: 'error', text: 'no\u001b[2J model' };
        },
      },
      ...options,
    });
    return { ...result, asked };
  };

  it('writes the lines with time, part and level', async () => {
    const { stdout, asked } = await logs('server logs');
    expect(stdout).toBe('2026-01-26T10:00:00.000Z [server         ] INFO  listening\n2026-01-26T10:00:01.000Z [agent-runner-1 ] ERROR no model\n');
    expect(asked).toEqual({ follow: false, tail: 50 });
  });

  it('follows on a terminal, unless told otherwise', async () => {
    expect((await logs('server logs', { columns: 80 })).asked?.follow).toBe(true);
    expect((await logs('server logs --no-follow', { columns: 80 })).asked?.follow).toBe(false);
    expect((await logs('server logs -f')).asked?.follow).toBe(true);
  });

  it('passes on what is asked for', async () => {
    expect((await logs('server logs -c agent-runner,server -c workflow-runner --since 10m --level warn --grep time.*out -n 0')).asked).toEqual({
      follow: false,
      components: ['agent-runner', 'server', 'worker'],
      sinceMs: 600_000,
      level: 'warn',
      grep: 'time.*out',
    });
    expect((await logs('server logs --all -c server')).asked?.components).toBeUndefined();
    expect(await logs('server logs --grep [')).toMatchObject({ code: 2, stderr: expect.stringContaining('--grep: ') });
  });

  it('writes them for programs', async () => {
    expect(JSON.parse((await logs('server logs -o json')).stdout)).toHaveLength(2);
    expect((await logs('server logs -o ndjson')).stdout.trim().split('\n').map((line) => (JSON.parse(line) as { text: string }).text)).toEqual(['listening', 'no\u001b[2J model']);
  });
});

describe('stigmer executions logs', () => {
  it('asks for the lines with the id of the execution', async () => {
    let asked: LogQuery | undefined;
    await run('executions logs aex-1.x', {
      daemon: {
        readDaemonLogs: async function* (_home, query) {
          asked = query;
          yield* [];
        },
      },
    });
    expect(asked).toEqual({ follow: false, grep: 'aex-1\\.x' });
  });
});
