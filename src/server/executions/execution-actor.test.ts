import { create } from '@bufbuild/protobuf';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { aborted, Code, StigmerError } from '../../contract/errors.js';
import { AgentExecutionStatusSchema } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { Phase } from '../../contract/phases.js';
import { executionEvent } from '../../execution/event.js';
import type { Update } from '../../execution/update.js';
import type { Store, WriteOp } from '../../store/ports.js';
import { executionRow, headAt, tempStore } from '../../../test/support/temp-store.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { ExecutionActor, type ReducedState } from './execution-actor.js';
import { loadExecution } from './load-execution.js';

const ID = 'aex-1';

/** A real store whose writes a test can hold back, fail, or get ahead of. */
class Held {
  readonly store: Store;
  readonly writes: (readonly WriteOp[])[] = [];
  before: (ops: readonly WriteOp[], nth: number) => Promise<void> = () => Promise.resolve();

  constructor(real: Store) {
    this.store = new Proxy(real, {
      get: (target, property, receiver) => {
        if (property !== 'write') return Reflect.get(target, property, receiver) as unknown;
        return async (ops: readonly WriteOp[]) => {
          this.writes.push(ops);
          await this.before(ops, this.writes.length);
          await target.write(ops);
        };
      },
    });
  }
}

async function fixture() {
  const real = await tempStore();
  await real.write([{ op: 'insert-execution', row: { ...executionRow({ id: ID }), data: new Uint8Array() }, head: headAt(0, { phase: 1, startedAt: '' }), events: [] }]);
  const held = new Held(real);
  const context = { store: held.store, clock: new ManualClock(), log: pino({ level: 'silent' }), opsAtEnd: () => [] };
  return { real, held, actor: new ExecutionActor(ID, context), rival: new ExecutionActor(ID, { ...context, store: real }) };
}

const say = (content: string): Update => ({
  type: 'status',
  status: create(AgentExecutionStatusSchema, { messages: [{ type: 2, content }] }),
});
const end: Update = { type: 'status', status: create(AgentExecutionStatusSchema, { phase: Phase.COMPLETED }) };
const answer = ({ projection, revision }: ReducedState) => ({ revision, text: projection.kind === 'agent' ? projection.status.messages.at(-1)?.content : '' });
const stored = async (store: Store) => {
  const { projection, revision } = (await loadExecution(store.executions, ID))!;
  return { revision, phase: projection.status.phase as number, text: projection.kind === 'agent' ? projection.status.messages.at(-1)?.content : '' };
};

describe('ExecutionActor', () => {
  it('answers each update with the state right after it, once that is on disk', async () => {
    const { actor, real } = await fixture();
    const answers = await Promise.all(['a', 'b', 'c'].map((text) => actor.submit({ update: say(text), answer })));
    expect(answers.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
    expect(await stored(real)).toMatchObject({ text: 'c', revision: answers[2]!.revision });
  });

  it('gathers what comes during a commit into the next one', async () => {
    const { actor, held } = await fixture();
    await Promise.all(Array.from({ length: 100 }, (_unused, n) => actor.submit({ update: say(`${n}`), answer })));
    expect(held.writes.length).toBeLessThan(10);
  });

  it('fails what was reduced after a commit that failed, and goes on from what is stored', async () => {
    const { actor, held, real } = await fixture();
    await actor.submit({ update: say('kept'), answer });
    held.before = async (_ops, nth) => {
      if (nth === 2) throw new StigmerError(Code.RESOURCE_EXHAUSTED, 'the disk is full');
    };
    const lost = actor.submit({ update: say('lost'), answer });
    await Promise.resolve();
    const alsoLost = actor.submit({ update: say('lost too'), answer });
    const outcomes = await Promise.allSettled([lost, alsoLost]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await stored(real)).toMatchObject({ text: 'kept' });
    expect(await actor.submit({ update: say('after'), answer })).toMatchObject({ text: 'after' });
  });

  it('refuses nothing for the sake of an end that is not on disk', async () => {
    const { actor, held, real } = await fixture();
    await actor.submit({ update: say('before'), answer });
    held.before = async (_ops, nth) => {
      if (nth === 2) throw new StigmerError(Code.RESOURCE_EXHAUSTED, 'the disk is full');
    };
    const ending = actor.submit({ update: end, answer });
    await Promise.resolve();
    const late = actor.submit({ update: say('late'), answer });
    const [first, second] = await Promise.allSettled([ending, late]);
    expect(first).toMatchObject({ status: 'rejected', reason: { codeName: 'RESOURCE_EXHAUSTED' } });
    expect(second).toMatchObject({ status: 'rejected', reason: { codeName: 'RESOURCE_EXHAUSTED' } });
    expect(await stored(real)).toMatchObject({ text: 'before', phase: Phase.IN_PROGRESS });
    await actor.submit({ update: end, answer });
    await expect(actor.submit({ update: say('late'), answer })).rejects.toMatchObject({ codeName: 'FAILED_PRECONDITION' });
  });

  it('reduces again what met another writer, and loses neither', async () => {
    const { actor, rival, held, real } = await fixture();
    await actor.submit({ update: say('mine'), answer });
    held.before = async (_ops, nth) => {
      if (nth === 2) await rival.submit({ update: { type: 'events', events: [executionEvent('toolCallUpserted', { toolCall: { id: 'call-1', name: 'read', $typeName: 'ai.stigmer.agentic.agentexecution.v1.ToolCall', result: '', status: 1, startedAt: '', completedAt: '', error: '' }, detached: true })] }, answer });
    };
    await actor.submit({ update: say('mine again'), answer });
    const { projection } = (await loadExecution(real.executions, ID))!;
    expect(projection.kind === 'agent' && projection.status.toolCalls.map(({ id }) => id)).toEqual(['call-1']);
    expect(projection.kind === 'agent' && projection.status.messages.at(-1)?.content).toBe('mine again');
  });

  it('gives up after five conflicts in a row with ABORTED', async () => {
    const { actor, held } = await fixture();
    await actor.submit({ update: say('first'), answer });
    held.before = async () => {
      throw aborted('another revision');
    };
    await expect(actor.submit({ update: say('never'), answer })).rejects.toMatchObject({ codeName: 'ABORTED' });
    expect(held.writes.length).toBe(7);
    held.before = () => Promise.resolve();
    expect(await actor.submit({ update: say('now'), answer })).toMatchObject({ text: 'now' });
  });

  it('keeps a snapshot at the end', async () => {
    const { actor, real } = await fixture();
    await actor.submit({ update: say('a'), answer });
    expect(await real.executions.snapshot(ID)).toBeUndefined();
    const { revision } = await actor.submit({ update: end, answer });
    expect((await real.executions.snapshot(ID))?.revision).toBe(revision);
  });

  it('puts further changes into the same commit as the events', async () => {
    const { actor, held } = await fixture();
    await actor.submit({ update: { type: 'cancel-request' }, ops: () => [{ op: 'settle-intent', id: 'x' }], answer });
    expect(held.writes).toEqual([[{ op: 'settle-intent', id: 'x' }]]);
  });

  it('says not found for an execution that is not there, and finds it once it is', async () => {
    const { real } = await fixture();
    const actor = new ExecutionActor('aex-2', { store: real, clock: new ManualClock(), log: pino({ level: 'silent' }), opsAtEnd: () => [] });
    await expect(actor.submit({ update: say('a'), answer })).rejects.toMatchObject({ codeName: 'NOT_FOUND' });
    expect(actor.idle).toBe(true);
    await real.write([{ op: 'insert-execution', row: { ...executionRow({ id: 'aex-2' }), data: new Uint8Array() }, head: headAt(0, { phase: 1 }), events: [] }]);
    expect(await actor.submit({ update: say('a'), answer })).toMatchObject({ text: 'a' });
  });
});
