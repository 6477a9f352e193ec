import { describe, expect, it } from 'vitest';
import { cli, startCli } from '../../test/support/cli.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { until } from '../../test/support/rpc.js';

describe('the program', () => {
  it('shows its help and version on standard output', async () => {
    expect(await cli(['--version'])).toMatchObject({ code: 0, stdout: '0.0.0-test\n', stderr: '' });
    const { code, stdout } = await cli([]);
    expect(stdout).toMatch(/^Usage: stigmer .*\n\n[\s\S]*server[\s\S]*apply[\s\S]*run[\s\S]*version/);
    expect(code).toBe(0);
  });

  it('gives every command a help with examples that are its own', async () => {
    for (const path of ['apply', 'run', 'get', 'list', 'delete', 'cancel', 'version', 'server start', 'server stop', 'server restart', 'server status', 'server logs', 'executions list', 'executions get', 'executions watch']) {
      const { code, stdout } = await cli([...path.split(' '), '--help']);
      expect(stdout).toContain(`Usage: stigmer ${path}`);
      expect(stdout).toContain('Examples:\n  ');
      expect(code).toBe(0);
    }
  });

  it('refuses a malformed environment by the name of the variable', async () => {
    const { code, stderr } = await cli(['list', 'agents'], { env: { STIGMER_SERVER_ADDR: 'http://localhost:7234' } });
    expect(stderr).toContain('STIGMER_SERVER_ADDR "http://localhost:7234" must be host:port without a scheme');
    expect(code).toBe(2);
  });

  it('ends a command that does not leave by itself when it has to end, with the code of the signal', async () => {
    const clock = new ManualClock();
    const running = startCli(['server', 'start'], { clock, daemon: { startDaemon: () => new Promise<never>(() => undefined) } });
    await clock.advance(1);
    running.signals.interrupt();
    await until(() => clock.pending > 0);
    await clock.advance(1_000);
    expect(await running.code).toBe(130);
  });

  it('finds the server that runs here on another port', async () => {
    const component = { name: 'server', state: 'ready' as const, since: '', restarts: 0, address: '127.0.0.1:9' };
    const status = { home: '/h', pid: 1, startedAt: '', version: '', components: [component], diskBytes: 0 };
    const { code, stderr } = await cli(['list', 'agents'], { daemon: { daemonStatus: async () => status } });
    expect(stderr).toContain('server not reachable at 127.0.0.1:9');
    expect(code).toBe(4);
  });
});
