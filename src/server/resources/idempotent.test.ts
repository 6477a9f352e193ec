import { describe, expect, it } from 'vitest';
import { refusal } from '../../../test/support/refusal.js';
import { drafts } from '../../../test/support/resource-drafts.js';
import { engineFixture } from '../../../test/support/resource-engine.js';
import { Code } from '../../contract/errors.js';
import { AgentCommandController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { SessionCommandController } from '../../contract/gen/ai/stigmer/agentic/session/v1/command_pb.js';
import { ResourceQuery } from '../../contract/gen/stigmer/resource/v1/resource_pb.js';

const { create, apply } = AgentCommandController.method;
const DAY = 24 * 60 * 60 * 1000;

describe('an idempotency key', () => {
  it('gives the same answer again', async () => {
    const { call } = await engineFixture();
    const first = await call(create, drafts.agent(), { idempotencyKey: 'k' });
    expect(await call(create, drafts.agent(), { idempotencyKey: 'k' })).toEqual(first);
    expect((await call(ResourceQuery.method.list, { kind: 40 })).total).toBe(1);
  });

  it('gives one answer to calls that come at once', async () => {
    const { call } = await engineFixture();
    const answers = await Promise.all(Array.from({ length: 6 }, () => call(create, drafts.agent(), { idempotencyKey: 'k' })));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });

  it('holds for things that are not known by a slug', async () => {
    const { call } = await engineFixture();
    const agent = await call(create, drafts.agent());
    const draft = drafts.session(agent.status!.defaultInstanceId, { name: 'Chat' });
    const first = await call(SessionCommandController.method.create, draft, { idempotencyKey: 'k' });
    await call(SessionCommandController.method.delete, { value: first.metadata!.id });
    expect(await call(SessionCommandController.method.create, draft, { idempotencyKey: 'k' })).toEqual(first);
  });

  it('is not taken for another request or method', async () => {
    const { call } = await engineFixture();
    await call(create, drafts.agent('One'), { idempotencyKey: 'k' });
    for (const repeated of [
      call(create, drafts.agent('Two'), { idempotencyKey: 'k' }),
      call(apply, drafts.agent('One'), { idempotencyKey: 'k' }),
    ]) {
      const error = await refusal(repeated);
      expect([error.code, error.violations[0]?.field]).toEqual([Code.INVALID_ARGUMENT, 'idempotency-key']);
    }
    expect((await refusal(call(create, drafts.agent('Two'), { idempotencyKey: 'x'.repeat(256) }))).code).toBe(Code.INVALID_ARGUMENT);
  });

  it('belongs to its caller', async () => {
    const { call } = await engineFixture();
    await call(create, drafts.agent('One'), { idempotencyKey: 'k' });
    const other = await call(create, drafts.agent('Two'), { idempotencyKey: 'k', caller: { kind: 'user', name: 'bob' } });
    expect(other.metadata?.name).toBe('Two');
  });

  it('is forgotten after a day, and when the call failed', async () => {
    const { call, clock } = await engineFixture();
    expect((await refusal(call(create, drafts.agent(''), { idempotencyKey: 'k' }))).code).toBe(Code.INVALID_ARGUMENT);
    await call(create, drafts.agent('One'), { idempotencyKey: 'k' });
    await clock.advance(DAY + 1);
    expect((await refusal(call(create, drafts.agent('One'), { idempotencyKey: 'k' }))).code).toBe(Code.ALREADY_EXISTS);
    expect((await call(create, drafts.agent('Two'), { idempotencyKey: 'k' })).metadata?.name).toBe('Two');
  });
});
