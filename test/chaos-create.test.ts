import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../src/contract/clock.js';
import { AgentExecutionQueryController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { Code, StigmerError } from '../src/contract/errors.js';
import { Phase } from '../src/contract/phases.js';
import { connectTemporal, type TemporalClient } from '../src/workflows/client.js';
import { until } from './support/rpc.js';
import { type Interception, type StartInterceptor, startInterceptor } from './support/start-interceptor.js';
import { startTemporal, type TestTemporal } from './support/temporal.js';
import { startWholeSystem, type WholeSystem } from './support/whole-system.js';

const GUARD_MS = 90_000;

let temporal: TestTemporal;
let interceptor: StartInterceptor;
let client: TemporalClient;
let system: WholeSystem;
let agentId: string;

beforeAll(async () => {
  temporal = await startTemporal();
  client = connectTemporal({ address: temporal.address, namespace: 'default', clock: systemClock });
  interceptor = await startInterceptor(temporal.address);
  system = await startWholeSystem({ script: { rules: [{ say: 'You said: {{message}}' }] }, env: { TEMPORAL_SERVICE_ADDRESS: interceptor.address } });
  agentId = (await system.createAgent()).id;
}, 400_000);

afterAll(async () => {
  await system?.stop();
  await interceptor?.close();
  await client?.close();
  await temporal?.stop();
}, GUARD_MS);

/** What the server has, newest first: each execution with its message. */
async function stored(): Promise<{ readonly id: string; readonly message: string }[]> {
  const { entries } = await system.client.unary(AgentExecutionQueryController.method.list, { pageSize: 100 });
  return entries.map(({ metadata, spec }) => ({ id: metadata!.id, message: spec!.message }));
}

/** It ended well, and what the agent said stands there once. */
async function expectAnswered(id: string, message: string): Promise<void> {
  const witness = system.watch(id);
  expect(await witness.ended).toMatchObject({ phase: Phase.COMPLETED });
  expect(witness.faults).toEqual([]);
  expect(witness.texts).toEqual([`You said: ${message}`]);
}

describe('kill -9 of the server in the middle of a create', { timeout: 4 * GUARD_MS }, () => {
  const cases: [Interception, string][] = [
    ['lost on the way', 'notFound'],
    ['never answered', 'running or completed'],
  ];
  it.each(cases)('between store and start, with the start %s: the next server starts it, once', async (how, before) => {
    const { restarts } = await system.component('server');
    const seen = interceptor.intercept(how);
    const answer = system.create({ agentId, message: how }).then(
      () => 'answered',
      (error: unknown) => StigmerError.from(error).code,
    );
    await seen;
    const [execution] = await stored();
    expect(execution).toMatchObject({ message: how });
    await until(async () => before.includes((await client.describe('agent_execution', execution!.id)).state), GUARD_MS);
    await system.kill('server');
    expect(await answer).toBe(Code.UNAVAILABLE);
    await system.backAgain('server', restarts + 1);
    await expectAnswered(execution!.id, how);
    expect((await stored()).filter(({ message }) => message === how)).toHaveLength(1);
    await until(async () => (await client.describe('agent_execution', execution!.id)).state === 'completed', GUARD_MS);
  });

  it('at any moment: what was accepted is there, and ends', async () => {
    const accepted = new Map<string, string>();
    for (let round = 0; round < 2; round += 1) {
      const { restarts } = await system.component('server');
      const creates = Array.from({ length: 12 }, async (_unused, place) => {
        await new Promise((resolve) => setTimeout(resolve, place * 4));
        const message = `round ${round}, number ${place}`;
        try {
          accepted.set((await system.create({ agentId, message })).metadata!.id, message);
        } catch (error) {
          expect(StigmerError.from(error).code).toBe(Code.UNAVAILABLE);
        }
      });
      // Some are accepted, some are on their way.
      const enough = accepted.size + 1 + Math.floor(Math.random() * 6);
      await until(() => accepted.size >= enough, GUARD_MS);
      await system.kill('server');
      await Promise.all(creates);
      await system.backAgain('server', restarts + 1);
    }
    const all = await stored();
    expect(all).toEqual(expect.arrayContaining([...accepted].map(([id, message]) => ({ id, message }))));
    expect(new Set(all.map(({ message }) => message)).size).toBe(all.length);
    for (const { id, message } of all) await expectAnswered(id, message);
  });
});
