import { create } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunnerWorld, spoken, startRunnerWorld, type WorldOptions } from '../../../test/support/runner-world.js';
import { AgentSchema } from '../../contract/gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import { EnvironmentSchema } from '../../contract/gen/ai/stigmer/agentic/environment/v1/api_pb.js';
import { Phase } from '../../contract/phases.js';

let world: RunnerWorld;
afterEach(() => world.close());

async function start(options: WorldOptions): Promise<void> {
  world = await startRunnerWorld(options);
}

describe('a run for the original server', () => {
  it('reports by updateStatus alone, with the secrets that the execution itself holds masked', async () => {
    await start({ ours: false, script: { rules: [{ when: { after_tool: false }, say: 'Looking.', call: { tool: 'ls', args: { path: '/' } } }, { say: 'The password is hunter22.' }] } });
    const run = world.start({ spec: { runtimeEnv: { PASSWORD: { value: 'hunter22', isSecret: true } } } });
    const status = await run.done;
    expect(run.server.status).toMatchObject({ phase: Phase.COMPLETED });
    expect(spoken(run)).toEqual(['Looking.', 'The password is ***.']);
    expect(world.peer.updates[0]?.status?.phase).toBe(Phase.IN_PROGRESS);
    // That server would put these in the place of all messages.
    expect(status.messages).toEqual([]);
    expect(world.peer.calls.map(({ authorization }) => authorization).every((token) => token === 'Bearer runner-token')).toBe(true);
    expect([...new Set(world.peer.calls.map(({ method }) => method))].sort()).toEqual([
      'AgentExecutionCommandController/updateStatus',
      'AgentInstanceQueryController/get',
      'AgentQueryController/get',
      'SessionQueryController/get',
    ]);
  });

  it('lays the variables over each other: of the agent, of its environments, of the run', async () => {
    await start({ ours: false, script: { rules: [{ say: 'aaaa bbbb cccc dddd' }] } });
    const value = (text: string) => ({ value: text, isSecret: true });
    const agent = { metadata: { id: 'agt-1' }, spec: { instructions: 'You are a test agent.', envSpec: { data: { A: value('aaaa'), B: value('xxxx'), EMPTY: value('') } } } };
    world.peer.agents.set('agt-1', create(AgentSchema, agent as never));
    world.peer.environments.set('first', create(EnvironmentSchema, { spec: { data: { B: value('bbbb'), C: value('yyyy') } } }));
    world.peer.environments.set('second', create(EnvironmentSchema, { spec: { data: { C: value('cccc') } } }));
    world.peer.environmentRefs = ['first', 'second'];
    const run = world.start({ spec: { runtimeEnv: { D: { value: 'dddd' } } } });
    await run.done;
    expect(spoken(run)).toEqual(['*** *** *** dddd']);
    expect(world.peer.claims).toEqual([]);
  });

  it('fails there too with a sentence', async () => {
    await start({ ours: false, provider: 'ollama', script: { rules: [{ error: { status: 404, message: 'no such model' } }] } });
    const run = world.start();
    expect(await run.done).toMatchObject({ phase: Phase.FAILED, error: expect.stringContaining('ollama pull some-model') });
    expect(run.server.status).toMatchObject({ phase: Phase.FAILED, error: expect.stringContaining('ollama pull some-model') });
  });
});
