import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { AgentExecutionQueryController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { Phase } from '../src/contract/phases.js';
import { freePort } from '../src/daemon/supervision/ports.js';
import { until } from './support/rpc.js';
import { builtProgram, type Program, startProgram, startWholeSystem, type WholeSystem } from './support/whole-system.js';

const GUARD_MS = 90_000;

let system: WholeSystem;
let agent: { readonly id: string; readonly name: string };

beforeAll(async () => {
  system = await startWholeSystem({ script: { rules: [{ say: 'You said: {{message}}' }] }, only: ['temporal', 'server', 'worker'] });
  agent = await system.createAgent();
}, 400_000);

afterAll(() => system?.stop(), GUARD_MS);

function told(program: Program, pattern: RegExp): Promise<void> {
  return until(() => {
    if (program.process.exitCode !== null) throw new Error(`the program ended with ${program.process.exitCode}: ${program.output}`);
    return pattern.test(program.output);
  }, GUARD_MS);
}

/** A runner that somebody starts by hand, with the addresses that they think right. */
function runnerByHand(addresses: Readonly<Record<string, string>>): Program {
  const runner = startProgram([builtProgram('runner/main.js')], {
    PATH: process.env['PATH'] ?? '',
    STIGMER_TOKEN_FILE: join(system.home, 'state', 'tokens', 'agent-runner-1'),
    TEMPORAL_SERVICE_ADDRESS: system.temporalAddress,
    SANDBOX_ROOT_DIR: join(system.home, 'by-hand'),
    STIGMER_LLM_PROVIDER: 'ollama',
    STIGMER_LLM_MODEL: 'none',
    ...addresses,
  });
  onTestFinished(async () => {
    runner.process.kill('SIGKILL');
    await runner.code;
  });
  return runner;
}

// What `server start` says of a runner with a wrong address or the address under another name is held by test/daemon-supervisor.test.ts.
describe('stigmer run', { timeout: 4 * GUARD_MS }, () => {
  it('says why nothing moves while no runner has reached the server, and goes on by itself when one comes', async () => {
    const misnamed = runnerByHand({ STIGMER_BACKEND_URL: `http://${system.endpoint}` });
    expect(await misnamed.code).toBe(2);
    expect(misnamed.output).toMatch(/STIGMER_BACKEND_URL is set, and is not read: the name of the variable is STIGMER_BACKEND_ENDPOINT/);
    const nowhere = `127.0.0.1:${await freePort('127.0.0.1')}`;
    const misled = runnerByHand({ STIGMER_BACKEND_ENDPOINT: nowhere });
    await told(misled, new RegExp(`no lease.*STIGMER_BACKEND_ENDPOINT=${nowhere}`));

    const run = system.cli(['run', agent.name, '--message', 'hello']);
    await told(run, /Nothing is polling the queue agent_execution_runner: no agent-runner is connected/);
    await told(run, /stigmer server start --only agent-runner/);
    expect(run.output).toMatch(/aex-/);
    expect(run.output).not.toContain('You said');

    await system.startOnly('agent-runner');
    expect(await run.code).toBe(0);
    expect(run.output).toContain('You said: hello');
  });

  it('goes on through a restart of the server, and ends with the truth', async () => {
    const run = system.cli(['run', agent.name, '--message', 'again']);
    await told(run, /aex-/);
    await system.kill('server');
    expect(await run.code).toBe(0);
    expect(run.output.match(/You said: again/g)).toHaveLength(1);
  });
});

describe('an execution that has ended', { timeout: 4 * GUARD_MS }, () => {
  it('gives its final state and the end of the stream to whoever comes, and nothing else', async () => {
    await system.startOnly('agent-runner');
    const id = await system.run('over soon');
    await system.watch(id).ended;
    const { status } = await system.get(id);
    for (let round = 0; round < 5; round += 1) {
      const witness = system.watch(id);
      expect(await witness.ended).toMatchObject({ phase: Phase.COMPLETED });
      expect(witness.heard).toEqual(['snapshot', 'end']);
      expect(witness.snapshots[0]?.execution.value?.status).toEqual(status);
      const states = [];
      for await (const execution of system.client.serverStream(AgentExecutionQueryController.method.subscribe, { value: id })) states.push(execution.status);
      expect(states).toEqual([status]);
    }
  });

  it('gives both to those who come around its end', async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, () => system.run('soon')));
    const comers = ids.flatMap((id) =>
      Array.from({ length: 12 }, async (_unused, place) => {
        await new Promise((resolve) => setTimeout(resolve, place * 40));
        const [witness, subscriber] = [system.watch(id), system.subscribe(id)];
        const [end, last] = await Promise.all([witness.ended, subscriber.ended]);
        expect([...witness.faults, ...subscriber.faults]).toEqual([]);
        expect([end.phase, last.status?.phase]).toEqual([Phase.COMPLETED, Phase.COMPLETED]);
        expect(witness.texts).toEqual(['You said: soon']);
        expect(subscriber.executions.filter((execution) => execution.status?.phase === Phase.COMPLETED)).toHaveLength(1);
      }),
    );
    await Promise.all(comers);
  });
});
