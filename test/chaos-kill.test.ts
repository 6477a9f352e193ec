import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Phase } from '../src/contract/phases.js';
import { type ExecutionWitness, textsOf } from './support/execution-witness.js';
import { until } from './support/rpc.js';
import { startWholeSystem, type WholeSystem } from './support/whole-system.js';

const GUARD_MS = 90_000;
const words = Array.from({ length: 100 }, (_unused, n) => `w${String(n + 1).padStart(3, '0')}`).join(' ');
const remark = 'First I write it down.';
const file = { file_path: '/notes.txt', content: 'written once' };

let system: WholeSystem;

beforeAll(async () => {
  system = await startWholeSystem({
    script: {
      rules: [
        { when: { message: 'short' }, say: 'Here.' },
        { when: { message: 'long', after_tool: false }, say: remark, call: { tool: 'write_file', args: file } },
        { when: { message: 'long' }, say: words, token_ms: 50 },
      ],
    },
  });
}, 400_000);

afterAll(() => system?.stop(), GUARD_MS);

/** A run that speaks for seconds, once it is in the middle of its last message. */
async function inMidRun() {
  const id = await system.run('a long one, please');
  const witness = system.watch(id);
  const subscriber = system.subscribe(id);
  await until(() => witness.texts.at(-1)?.includes('w020') === true, GUARD_MS);
  return { id, witness, subscriber };
}

/** Every watcher was told the same, each thing once, and nothing that the log has not. */
async function expectTruth({ id, witness, subscriber }: Awaited<ReturnType<typeof inMidRun>>): Promise<void> {
  const [end, last] = await Promise.all([witness.ended, subscriber.ended]);
  const stored = (await system.get(id)).status!;
  expect([...witness.faults, ...subscriber.faults]).toEqual([]);
  expect(witness.heard.at(-1)).toBe('end');
  expect(witness.heard.filter((item) => item === 'end')).toHaveLength(1);
  expect(end).toMatchObject({ phase: stored.phase, error: stored.error });
  expect(witness.texts).toEqual(textsOf(stored));
  expect(witness.status?.toolCalls).toEqual(stored.toolCalls);
  expect(last.status).toMatchObject({ phase: stored.phase, error: stored.error });
  expect(textsOf(last.status)).toEqual(textsOf(stored));
  // A late watcher hears the same at once.
  const late = system.watch(id);
  await late.ended;
  expect(late.heard).toEqual(['snapshot', 'end']);
  expect(late.texts).toEqual(textsOf(stored));
}

async function expectWhole(run: Awaited<ReturnType<typeof inMidRun>>): Promise<void> {
  expect(await run.witness.ended).toMatchObject({ phase: Phase.COMPLETED, error: '' });
  expect(run.witness.texts).toEqual([remark, words]);
  expect(run.witness.status?.toolCalls).toMatchObject([{ name: 'write_file', args: file, status: 3 }]);
  await expectTruth(run);
}

async function expectAlive(): Promise<void> {
  const witness: ExecutionWitness = system.watch(await system.run('a short one'));
  expect(await witness.ended).toMatchObject({ phase: Phase.COMPLETED });
  expect(witness.texts).toEqual(['Here.']);
}

describe('kill -9 in mid-run', { timeout: 4 * GUARD_MS }, () => {
  it('of the server: it is started again, and every watcher sees all of the run and its end', async () => {
    const run = await inMidRun();
    await system.kill('server');
    await expectWhole(run);
    expect(run.witness.breaks).toBeGreaterThan(0);
    expect(run.subscriber.breaks).toBeGreaterThan(0);
    // It went on where it was: what had been heard was not sent again.
    expect(run.witness.snapshots).toHaveLength(1);
    await system.backAgain('server', 1);
    await expectAlive();
  });

  it('of the worker: it is started again, and the run is not touched', async () => {
    const run = await inMidRun();
    await system.kill('worker');
    await expectWhole(run);
    expect(run.witness.breaks).toBe(0);
    await system.backAgain('worker', 1);
    await expectAlive();
  });

  it('of Temporal: it is started again, and the run is not touched', async () => {
    const run = await inMidRun();
    await system.kill('temporal');
    await expectWhole(run);
    expect(run.witness.breaks).toBe(0);
    await system.backAgain('temporal', 1);
    await expectAlive();
  });

  it('of the runner: it is started again, watchers are told that it is lost, and the run fails with a sentence', async () => {
    const run = await inMidRun();
    await system.kill('agent-runner-1');
    await until(() => run.witness.notices.some(({ code, cleared }) => code === 'RUNNER_LOST' && !cleared), GUARD_MS);
    await system.backAgain('agent-runner-1', 1);
    await expectAlive();
    const end = await run.witness.ended;
    expect(end).toMatchObject({ phase: Phase.FAILED, error: expect.stringMatching(/^The agent-runner was lost: no sign of life for \d+ s\. It may have crashed/) as string });
    // What was said is kept, as far as it came.
    const [first, second = ''] = run.witness.texts;
    expect(first).toBe(remark);
    expect(second).toContain('w020');
    expect(words.startsWith(second)).toBe(true);
    await expectTruth(run);
  });

  it.runIf(process.env['STIGMER_THOROUGH'] === '1')('of all of them at once: the run ends, with a sentence if it is lost, and the next one works', async () => {
    const run = await inMidRun();
    await Promise.all(['server', 'worker', 'temporal', 'agent-runner-1'].map((name) => system.kill(name)));
    const end = await run.witness.ended;
    expect(end.phase).toBe(Phase.FAILED);
    expect(end.error).not.toBe('');
    expect(words.startsWith(run.witness.texts[1] ?? 'nothing was kept')).toBe(true);
    await expectTruth(run);
    await expectAlive();
  });
});
