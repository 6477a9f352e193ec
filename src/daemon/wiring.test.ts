import { describe, expect, it } from 'vitest';
import type { Environment, EnvironmentSchema } from '../contract/environment.js';
import { environment as demoModelEnvironment } from '../demo-model/env.js';
import { environment as runnerEnvironment } from '../runner/env.js';
import { serverEnvironment } from '../server/env.js';
import { workerEnvironment } from '../workflows/worker/env.js';
import { readSupervisorSettings } from './env.js';
import { homeAt } from './home.js';
import type { ProviderSettings } from './provider.js';
import { type Site, demoModelWiring, originalRunnerWiring, runnerWiring, serverWiring, workerWiring } from './wiring.js';
import { type Network, addressFrom } from './wiring/network.js';
import { originalRunnerEnvironment } from './wiring/original-runner.js';

/** Everything that a person may set. */
const settings = readSupervisorSettings({
  STIGMER_HOME: '/home/me/.stigmer',
  TEMPORAL_NAMESPACE: 'ours',
  TEMPORAL_AGENT_EXECUTION_STIGMER_TASK_QUEUE: 'q1',
  TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE: 'q2',
  TEMPORAL_WORKFLOW_EXECUTION_STIGMER_TASK_QUEUE: 'q3',
  TEMPORAL_WORKFLOW_EXECUTION_RUNNER_TASK_QUEUE: 'q4',
  TEMPORAL_MAX_CONCURRENCY: '3',
  STIGMER_HOST_TOOLS: '1',
  STIGMER_REFLECTION: '1',
  LOG_LEVEL: 'warn',
});

const provider: ProviderSettings = {
  STIGMER_LLM_PROVIDER: 'ollama',
  STIGMER_LLM_MODEL: 'a-model',
  STIGMER_LLM_BASE_URL: 'http://localhost:11434',
  OLLAMA_BASE_URL: 'http://localhost:11434',
  STIGMER_LLM_API_KEY: 'k1',
  ANTHROPIC_API_KEY: 'k2',
  OPENAI_API_KEY: 'k3',
  STIGMER_LLM_MAX_TOKENS: 100,
  STIGMER_LLM_TEMPERATURE: '0.5',
  STIGMER_LLM_CONTEXT_TOKENS: 4096,
};

function siteOn(host: string): Site {
  return {
    home: homeAt('/home/me/.stigmer'),
    grpc: { host, port: 7234 },
    http: { host: '127.0.0.1', port: 7235 },
    temporal: { host, port: 7233 },
    settings,
  };
}

const networks: readonly (readonly [string, Network, string, string])[] = [
  ['a process', { kind: 'process' }, '127.0.0.1', '127.0.0.1'],
  ['a process, over IPv6', { kind: 'process' }, '::1', '[::1]'],
  ['the host network', { kind: 'host-network' }, '127.0.0.1', '127.0.0.1'],
  ['our bridge', { kind: 'bridge', gateway: '172.30.0.1' }, '127.0.0.1', 'host.docker.internal'],
  ['Docker Desktop', { kind: 'docker-desktop' }, '127.0.0.1', 'host.docker.internal'],
  ['Podman', { kind: 'podman' }, '127.0.0.1', 'host.containers.internal'],
  ['another machine', { kind: 'remote', host: '10.1.2.3' }, '0.0.0.0', '10.1.2.3'],
];

const components: readonly (readonly [string, Environment<EnvironmentSchema>, (site: Site, network: Network) => Record<string, string>])[] = [
  ['the server', serverEnvironment, (site) => serverWiring(site)],
  ['the worker', workerEnvironment, (site, network) => workerWiring(site, network, '/run/token')],
  ['the agent-runner', runnerEnvironment, (site, network) => runnerWiring(site, place(network))],
  ["the original's agent-runner", originalRunnerEnvironment, (site, network) => originalRunnerWiring(site, place(network), 'a-token')],
  ['the demo model', demoModelEnvironment, () => demoModelWiring({ host: '127.0.0.1', port: 8089 })],
];

function place(network: Network) {
  return { network, name: 'agent-runner-1', tokenFile: '/run/token', workspaces: '/workspace', provider };
}

describe.each(components)('%s', (_name, environment, wire) => {
  describe.each(networks)('in %s', (_network, network, host, seenAs) => {
    const env = wire(siteOn(host), network);

    it('is given nothing that it does not read', () => {
      expect(environment.unread(Object.keys(env))).toEqual([]);
    });

    it('is given all that it requires, in a form that it takes', () => {
      const required = Object.entries(environment.variables).flatMap(([variable, { required: isRequired }]) => (isRequired === true ? [variable] : []));
      expect(Object.keys(env)).toEqual(expect.arrayContaining(required));
      expect(() => environment.read(env)).not.toThrow();
    });

    it('reaches the others by the name that they have there', () => {
      // The server itself is always a process of this machine.
      const there = environment === serverEnvironment ? addressFrom({ kind: 'process' }, { host, port: 7233 }) : `${seenAs}:7233`;
      const addresses = { STIGMER_BACKEND_ENDPOINT: `${seenAs}:7234`, TEMPORAL_SERVICE_ADDRESS: there };
      const read = Object.entries(addresses).filter(([variable]) => variable in environment.variables);
      expect(env).toMatchObject(Object.fromEntries(read));
    });
  });
});

describe('all that share a queue or a namespace', () => {
  const site = siteOn('127.0.0.1');
  const process: Network = { kind: 'process' };
  const all = [serverWiring(site), workerWiring(site, process), runnerWiring(site, place(process)), originalRunnerWiring(site, place(process), 't')];

  it.each(['TEMPORAL_NAMESPACE', 'TEMPORAL_AGENT_EXECUTION_STIGMER_TASK_QUEUE', 'TEMPORAL_AGENT_EXECUTION_RUNNER_TASK_QUEUE'])('have the same %s', (name) => {
    const values = new Set(all.flatMap((env) => env[name] ?? []));
    expect(values.size).toBe(1);
  });
});

describe('secrets', () => {
  it('of the model provider reach no one but the runner', () => {
    const site = siteOn('127.0.0.1');
    for (const env of [serverWiring(site), workerWiring(site, { kind: 'process' }), demoModelWiring({ host: '127.0.0.1', port: 1 })]) {
      expect(Object.values(env).filter((value) => ['k1', 'k2', 'k3'].includes(value))).toEqual([]);
    }
  });

  it('that are tokens go by file', () => {
    expect(runnerWiring(siteOn('127.0.0.1'), place({ kind: 'process' }))).toMatchObject({ STIGMER_TOKEN_FILE: '/run/token' });
  });
});

describe('the model provider', () => {
  it('on this machine is reached from a container by the name that this machine has there', () => {
    const env = runnerWiring(siteOn('127.0.0.1'), { ...place({ kind: 'docker-desktop' }), provider: { STIGMER_LLM_PROVIDER: 'ollama' } });
    expect(env['OLLAMA_BASE_URL']).toBe('http://host.docker.internal:11434/');
  });

  it("of the original's runner has its key and address by the names that it listens to", () => {
    const wired = (given: ProviderSettings) => originalRunnerWiring(siteOn('127.0.0.1'), { ...place({ kind: 'process' }), provider: given }, 't');
    const url = 'http://localhost:8000';
    expect(wired({ STIGMER_LLM_PROVIDER: 'ollama', STIGMER_LLM_BASE_URL: url })).toMatchObject({ OLLAMA_BASE_URL: url });
    expect(wired({ STIGMER_LLM_PROVIDER: 'openai', OPENAI_API_KEY: 'k3' })).toMatchObject({ STIGMER_LLM_API_KEY: 'k3' });
  });
});

it('gives a child that has no stdin of ours no reason to end with it', () => {
  expect(runnerWiring(siteOn('127.0.0.1'), place({ kind: 'process' }))['STIGMER_EXIT_WITH_STDIN']).toBe('1');
  expect(runnerWiring(siteOn('127.0.0.1'), place({ kind: 'podman' }))['STIGMER_EXIT_WITH_STDIN']).toBeUndefined();
});
