import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Phase } from '../src/contract/phases.js';
import { type LoopEvent, type OldRunnerWorker, type OldScript, pollAsOldRunner } from './support/old-runner.js';
import { until } from './support/rpc.js';
import { startWholeSystem, type WholeSystem } from './support/whole-system.js';
import { quietTemporalRuntime } from './support/workflow-bundle.js';

const GUARD_MS = 90_000;
const words = Array.from({ length: 120 }, (_unused, n) => `w${String(n + 1).padStart(3, '0')} `);
const text = words.join('');

/** Words, a tool call among them, and events that only count, at the pace of a model. */
const script: OldScript = async function* (message): AsyncGenerator<LoopEvent> {
  for (const [place, word] of words.entries()) {
    if (place === 30) yield { type: 'tool start', id: 'lc-run-1', name: 'read_file', args: { file_path: '/a.txt' } };
    if (place === 50) yield { type: 'tool end', id: 'lc-run-1', result: "content='forty-two' name='read_file'" };
    if (place === 60 && message.includes('fail')) throw new Error('the model is gone');
    yield { type: 'other' };
    yield { type: 'token', text: word };
    await delay(message.includes('slowly') ? 80 : 15);
  }
};

let system: WholeSystem;
let runner: OldRunnerWorker;

beforeAll(async () => {
  quietTemporalRuntime();
  system = await startWholeSystem({ script: { rules: [{ say: 'nobody asks this one' }] }, only: ['temporal', 'server', 'worker'] });
  runner = await pollAsOldRunner({ endpoint: system.endpoint, temporalAddress: system.temporalAddress, script });
}, 400_000);

afterAll(async () => {
  await runner?.stop();
  await system?.stop();
}, GUARD_MS);

describe('with the original’s runner, which has only updateStatus', { timeout: 4 * GUARD_MS }, () => {
  it('a run ends right, and its watchers get what was added, each thing once', async () => {
    const id = await system.run('go on');
    const [witness, subscriber] = [system.watch(id), system.subscribe(id)];
    expect(await witness.ended).toMatchObject({ phase: Phase.COMPLETED, error: '' });
    const last = (await subscriber.ended).status!;
    const stored = (await system.get(id)).status!;
    expect([...witness.faults, ...subscriber.faults]).toEqual([]);
    expect(witness.texts).toEqual([text]);
    expect(stored).toMatchObject({ phase: Phase.COMPLETED, toolCalls: [{ id: 'lc-run-1', name: 'read_file', status: 3, result: "content='forty-two' name='read_file'" }] });
    expect(stored.messages.map(({ type, toolCalls }) => [type, toolCalls.length])).toEqual([[2, 0], [3, 1]]);
    expect(witness.status?.messages).toEqual(stored.messages);
    expect(witness.status?.toolCalls).toEqual(stored.toolCalls);
    expect(last.messages).toEqual(stored.messages);
    // Times are the server's, in UTC, whatever the runner sent.
    expect([stored.startedAt, stored.completedAt].every((time) => time.endsWith('Z'))).toBe(true);

    // It sent the whole conversation a dozen times and more; nobody is sent it twice.
    const changes = witness.deltas.flatMap(({ events }) => events.map(({ change }) => change));
    expect(new Set(changes.map((change) => change.case))).toEqual(new Set(['phaseChanged', 'messageAppended', 'textAppended', 'toolCallUpserted']));
    expect(changes.filter((change) => change.case === 'textAppended').length).toBeGreaterThan(8);
    const said = changes.map((change) => (change.case === 'textAppended' ? change.value.text : change.case === 'messageAppended' ? (change.value.message?.content ?? '') : ''));
    expect(said.join('')).toBe(text);
    expect(witness.snapshots).toHaveLength(1);
    expect(witness.notices.filter(({ code, cleared }) => code === 'NO_RUNNER' && !cleared)).toEqual([]);
  });

  it('a failure of the agent ends the run as failed, with the sentence where it puts it', async () => {
    const witness = system.watch(await system.run('fail'));
    expect(await witness.ended).toMatchObject({ phase: Phase.FAILED });
    expect(witness.faults).toEqual([]);
    expect(witness.texts).toEqual([words.slice(0, 60).join('')]);
    expect(witness.status?.messages.at(-1)?.content).toBe('❌ Error: Execution failed: the model is gone');
  });

  it('a server that is killed in mid-run costs nothing: the next full status brings what was missed', async () => {
    const id = await system.run('go on');
    const [witness, subscriber] = [system.watch(id), system.subscribe(id)];
    await until(() => witness.texts[0]?.includes('w040') === true, GUARD_MS);
    await system.kill('server');
    expect(await witness.ended).toMatchObject({ phase: Phase.COMPLETED, error: '' });
    await subscriber.ended;
    expect([...witness.faults, ...subscriber.faults]).toEqual([]);
    expect(witness.texts).toEqual([text]);
    expect(witness.breaks).toBeGreaterThan(0);
    expect((await system.get(id)).status?.toolCalls).toHaveLength(1);
  });

  it('what it says after a cancellation is refused, and what it said before is kept', async () => {
    const { id: agentId } = await system.createAgent();
    const execution = (await system.create({ agentId, message: 'slowly' })).metadata!.id;
    const witness = system.watch(execution);
    await until(() => witness.texts[0]?.includes('w020') === true, GUARD_MS);
    const cancel = system.cli(['cancel', execution]);
    expect(await cancel.code).toBe(0);
    expect(await witness.ended).toMatchObject({ phase: Phase.CANCELLED });
    const kept = witness.texts[0] ?? '';
    expect(text.startsWith(kept)).toBe(true);
    // The runner does not hear of it, and goes on to its own end.
    await until(() => runner.finished.includes(execution), GUARD_MS);
    expect((await system.get(execution)).status).toMatchObject({ phase: Phase.CANCELLED, messages: witness.status!.messages });
    expect(witness.faults).toEqual([]);
  });
});
