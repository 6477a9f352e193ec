import { create } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunnerWorld, startRunnerWorld, type WorldOptions } from '../../../test/support/runner-world.js';
import { AgentSchema } from '../../contract/gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import { SubAgentStatus, ToolCallStatus } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { Phase } from '../../contract/phases.js';

let world: RunnerWorld;
afterEach(() => world.close());

async function start(options: WorldOptions): Promise<void> {
  world = await startRunnerWorld(options);
}

describe('a run that is too much', () => {
  const endless = { rules: [{ when: { turn: 1 }, call: { tool: 'ls', args: { path: '/' } } }, { when: { after_tool: true }, call: { tool: 'ls', args: { path: '/', n: '{{turn}}' } } }] };

  it.each([
    ['max-steps', '3', 'The run has made 3 calls to the model, and max-steps is 3; it was stopped.'],
    ['max-tokens', '1000', /^The run has used \d{4} tokens, and max-tokens is 1000; it was stopped\.$/],
  ])('ends by %s, with the reason', async (name, value, reason) => {
    await start({ script: endless });
    const run = world.start({ annotations: { [`stigmer.ai/${name}`]: value } });
    await run.done;
    expect(run.server.status).toMatchObject({ phase: Phase.FAILED, error: expect.stringMatching(reason) });
    expect(run.server.status.toolCalls.every(({ status }) => status === ToolCallStatus.TOOL_CALL_COMPLETED)).toBe(true);
  });

  it('ends when it has cost too much, if anybody knows what it costs', async () => {
    await start({ script: endless });
    const annotations = { 'stigmer.ai/max-cost-usd': '0.01' };
    expect((await world.start({ annotations, sessionId: 'ses-a' }).done).error).toMatch(/what the model costs is not known: set STIGMER_LLM_PRICE_INPUT and STIGMER_LLM_PRICE_OUTPUT/);
    world.settings = { ...world.settings, price: { input: 10, output: 20 } };
    const run = world.start({ annotations, sessionId: 'ses-b' });
    expect((await run.done).error).toMatch(/^The run has cost 0\.01\d+ US dollars, and max-cost-usd is 0\.01; it was stopped\.$/);
    expect(run.server.projection.state.usage?.costMicros).toBeGreaterThan(10_000n);
  });

  it('ends when the same call is made again and again, in a sub-agent too', async () => {
    await start({
      script: {
        rules: [
          { when: { message: 'delegate', system: 'You are a test agent', turn: 1, after_tool: false }, call: { tool: 'task', args: { subagent_type: 'general-purpose', description: 'loop' } } },
          { when: { turn: 1 }, call: { tool: 'ls', args: { path: '/' } } },
          { when: { after_tool: true }, call: { tool: 'ls', args: { path: '/' } } },
        ],
      },
    });
    const run = world.start();
    expect((await run.done).error).toBe('The agent has called ls 10 times in a row with the same arguments; it was stopped (max-repeated-calls).');
    expect(run.server.status.toolCalls).toHaveLength(11);
    const delegated = world.start({ message: 'delegate', sessionId: 'ses-2', annotations: { 'stigmer.ai/max-repeated-calls': '3' } });
    expect((await delegated.done).error).toBe('The agent has called ls 3 times in a row with the same arguments; it was stopped (max-repeated-calls).');
    expect(delegated.server.status.subAgentExecutions).toMatchObject([{ status: SubAgentStatus.SUB_AGENT_FAILED }]);
  });

  it('takes the limits of its agent where it has none of its own', async () => {
    await start({ script: endless });
    world.peer.agents.set('agt-1', create(AgentSchema, { metadata: { id: 'agt-1', annotations: { 'stigmer.ai/max-steps': '2' } }, spec: { instructions: 'You are a test agent.' } }));
    expect((await world.start().done).error).toContain('max-steps is 2');
    expect((await world.start({ sessionId: 'ses-2', annotations: { 'stigmer.ai/max-steps': '4' } }).done).error).toContain('max-steps is 4');
  });
});
