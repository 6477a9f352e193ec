import { describe, expect, it } from 'vitest';
import { runArguments } from './run-arguments.js';

const args = runArguments({
  name: 'stigmer-agent-runner-1',
  image: 'stigmer/agent-runner:1.0.0',
  hostname: 'agent-runner-1-a',
  labels: { 'ai.stigmer.home': '/home/me/.stigmer' },
  user: '1000:1000',
  network: { name: 'stigmer', gateway: '172.30.0.1' },
  envFile: '/state/env',
  mounts: [
    { from: '/state/token', to: '/run/stigmer/token', writable: false },
    { from: '/state/workspaces', to: '/workspace', writable: true },
  ],
  limits: { memory: '2g', cpus: '2', pids: 512 },
});

describe('a container', () => {
  it('is told the name of this machine on its own network, and nothing by its arguments that is secret', () => {
    expect(args.join(' ')).toContain('--network stigmer --add-host host.docker.internal:172.30.0.1 --env-file /state/env');
    expect(args).not.toContain('--env');
    expect(args).not.toContain('-e');
  });

  it('is allowed little', () => {
    const given = args.join(' ');
    for (const flag of ['--user 1000:1000', '--read-only', '--cap-drop ALL', '--security-opt no-new-privileges', '--pids-limit 512', '--memory 2g', '--cpus 2', '--init']) {
      expect(given).toContain(flag);
    }
    expect(given).not.toMatch(/docker\.sock|privileged(?!s)|--network host/);
  });

  it('sees its token and the workspaces of this machine, and writes to the workspaces alone', () => {
    expect(args.filter((arg) => arg.startsWith('type=bind'))).toEqual([
      'type=bind,source=/state/token,target=/run/stigmer/token,readonly',
      'type=bind,source=/state/workspaces,target=/workspace',
    ]);
  });

  it('is never pulled', () => {
    expect(args.join(' ')).toContain('--pull never');
    expect(args.at(-1)).toBe('stigmer/agent-runner:1.0.0');
  });
});
