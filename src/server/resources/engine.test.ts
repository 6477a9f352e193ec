import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { alice, engineFixture } from '../../../test/support/resource-engine.js';
import { Code, StigmerError } from '../../contract/errors.js';
import { type Agent, AgentSchema } from '../../contract/gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import { AgentCommandController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { AgentQueryController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { AgentInstanceQueryController } from '../../contract/gen/ai/stigmer/agentic/agentinstance/v1/query_pb.js';
import { ResourceQuery } from '../../contract/gen/stigmer/resource/v1/resource_pb.js';
import { agentInstanceKind } from './kinds/agent-instance.js';

const commands = AgentCommandController.method;
const queries = AgentQueryController.method;

function agent(
  name: string,
  more: MessageInitShape<typeof AgentSchema>['metadata'] = {},
  instructions = 'Review the change with care.',
): Agent {
  const metadata = { name, org: 'acme', ownerScope: 2, ...more };
  return create(AgentSchema, { apiVersion: 'agentic.stigmer.ai/v1', kind: 'Agent', metadata: metadata as never, spec: { instructions } });
}

async function refusal(call: Promise<unknown>): Promise<StigmerError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof StigmerError)) throw new Error(`expected a StigmerError, got ${String(error)}`);
  return error;
}

describe('create', () => {
  it('stores the agent with id, slug, version and audit, and drops what the client may not set', async () => {
    const { call, clock } = await engineFixture();
    const draft = agent('Code Reviewer', { id: 'agt-mine', tags: ['core'], labels: { team: 'a' } });
    draft.status = { $typeName: 'ai.stigmer.agentic.agent.v1.AgentStatus', defaultInstanceId: 'ain-mine' };
    const created = await call(commands.create, draft);
    expect(created.metadata).toMatchObject({
      name: 'Code Reviewer',
      slug: 'code-reviewer',
      org: 'acme',
      tags: ['core'],
      labels: { team: 'a' },
    });
    expect(created.metadata?.id).toMatch(/^agt-[0-9a-z]{26}$/);
    expect(created.metadata?.version?.id).toMatch(/^ver-[0-9a-z]{26}$/);
    expect(created.status?.defaultInstanceId).toMatch(/^ain-[0-9a-z]{26}$/);
    const audit = created.status?.audit?.specAudit;
    expect(audit).toMatchObject({ event: 'created', createdBy: { id: 'alice' }, updatedBy: { id: 'alice' } });
    expect(timestampMs(audit!.createdAt!)).toBe(clock.now());
    expect(await call(queries.get, { value: created.metadata!.id })).toEqual(created);
  });

  it('makes the default instance in the same transaction', async () => {
    const { call } = await engineFixture();
    const { metadata, status } = await call(commands.create, agent('Code Reviewer'));
    const instance = await call(AgentInstanceQueryController.method.get, { value: status!.defaultInstanceId });
    expect(instance).toMatchObject({
      metadata: { name: 'Code Reviewer-default', slug: 'code-reviewer-default', org: 'acme', ownerScope: 2 },
      spec: { agentId: metadata!.id, description: 'Default instance (auto-created, no custom configuration)' },
    });
  });

  it('refuses a second agent of the slug in the same organisation and leaves nothing behind', async () => {
    const { call } = await engineFixture();
    const first = await call(commands.create, agent('Reviewer'));
    const error = await refusal(call(commands.create, agent('reviewer')));
    expect(error.code).toBe(Code.ALREADY_EXISTS);
    expect(error.message).toBe(`Agent with slug 'reviewer' already exists (id: ${first.metadata!.id})`);
    expect((await call(ResourceQuery.method.list, { kind: 45 })).total).toBe(1);
  });

  it('takes the same slug in another organisation', async () => {
    const { call } = await engineFixture();
    await call(commands.create, agent('Reviewer'));
    const other = await call(commands.create, agent('Reviewer', { org: 'umbrella' }));
    expect(other.metadata?.slug).toBe('reviewer');
  });

  it.each([
    ['no name', agent(''), 'resource name is empty, cannot generate slug'],
    ['a name without letters', agent('你好'), 'metadata.slug'],
    ['a slug that is none', agent('x', { slug: 'Not A Slug' }), 'not-a-slug'],
    ['a scope that agents cannot have', agent('x', { ownerScope: 3 }), 'Agent resources can only have platform or organization scope'],
    ['short instructions', agent('x', {}, 'short'), 'spec.instructions'],
    ['an annotation that stigmer does not know', agent('x', { annotations: { 'stigmer.ai/nope': '1' } }), 'stigmer.ai/nope'],
  ])('refuses %s', async (_what, draft, words) => {
    const { call } = await engineFixture();
    const error = await refusal(call(commands.create, draft));
    expect(error.code).toBe(Code.INVALID_ARGUMENT);
    expect(error.violations.length).toBeGreaterThan(0);
    expect(error.message).toContain(words);
    expect((await call(ResourceQuery.method.list, { kind: 40 })).total).toBe(0);
  });

  it('names every fault at once', async () => {
    const { call } = await engineFixture();
    const draft = agent('x', { annotations: { 'stigmer.ai/nope': '1' }, ownerScope: 3 }, 'short');
    const error = await refusal(call(commands.create, draft));
    expect(error.violations.map(({ field }) => field)).toEqual([
      'metadata',
      'spec.instructions',
      'metadata.annotations["stigmer.ai/nope"]',
    ]);
  });
});

describe('update', () => {
  it('replaces spec and metadata, keeps id, slug, organisation, status and the creation, and gives a new version', async () => {
    const { call, clock } = await engineFixture();
    const created = await call(commands.create, agent('Reviewer', { labels: { a: '1' } }));
    await clock.advance(1000);
    const draft = agent(
      'Other Name',
      { id: created.metadata!.id, slug: 'other', org: 'umbrella', labels: { b: '2' } },
      'Review it even better.',
    );
    const message = await call(commands.update, draft, { caller: { kind: 'user', name: 'bob' } });
    expect(message.metadata).toMatchObject({
      id: created.metadata!.id,
      slug: 'reviewer',
      org: 'acme',
      name: 'Other Name',
      labels: { b: '2' },
    });
    expect(message.metadata?.labels).toEqual({ b: '2' });
    expect(message.spec?.instructions).toBe('Review it even better.');
    expect(message.status?.defaultInstanceId).toBe(created.status?.defaultInstanceId);
    expect(message.metadata?.version?.previousVersionId).toBe(created.metadata?.version?.id);
    expect(message.metadata?.version?.id).not.toBe(created.metadata?.version?.id);
    const audit = message.status!.audit!.specAudit!;
    expect(audit).toMatchObject({ event: 'updated', createdBy: { id: 'alice' }, updatedBy: { id: 'bob' } });
    expect(timestampMs(audit.updatedAt!) - timestampMs(audit.createdAt!)).toBe(1000);
  });

  it('finds the agent by its slug when no id is given', async () => {
    const { call } = await engineFixture();
    const created = await call(commands.create, agent('Reviewer'));
    const updated = await call(commands.update, agent('', { slug: 'reviewer' }, 'Review it even better.'));
    expect(updated.metadata).toMatchObject({ id: created.metadata!.id, name: 'reviewer' });
  });

  it('says what is not found', async () => {
    const { call } = await engineFixture();
    const byId = await refusal(call(commands.update, agent('x', { id: 'agt-none' })));
    expect([byId.code, byId.message]).toEqual([Code.NOT_FOUND, 'Agent not found: agt-none']);
    const bySlug = await refusal(call(commands.update, agent('Not There')));
    expect([bySlug.code, bySlug.message]).toEqual([Code.NOT_FOUND, "Agent not found: not-there in organization 'acme'"]);
    const nothing = await refusal(call(commands.update, agent('')));
    expect(nothing.message).toContain('resource id or slug is required for update');
  });

  it('refuses a version that is not the current one and names both', async () => {
    const { call } = await engineFixture();
    const read = await call(commands.create, agent('Reviewer'));
    const current = await call(commands.update, agent('Reviewer', { id: read.metadata!.id }, 'Somebody was here before.'));
    read.spec!.instructions = 'This would undo the change.';
    const error = await refusal(call(commands.update, read));
    expect(error.code).toBe(Code.ABORTED);
    expect(error.message).toContain(read.metadata!.version!.id);
    expect(error.message).toContain(current.metadata!.version!.id);
    expect(await call(queries.get, { value: read.metadata!.id })).toEqual(current);
    current.spec!.instructions = 'This one has seen the change.';
    expect((await call(commands.update, current)).spec?.instructions).toBe('This one has seen the change.');
  });

  it('writes nothing when nothing changes', async () => {
    const { call, answer, store } = await engineFixture();
    const created = await call(commands.create, agent('Reviewer', { annotations: { 'stigmer.ai/sdk.generated-at': '1' } }));
    const changes = (await store.changes.list({}, { limit: 10 })).total;
    const again = agent('Reviewer', { annotations: { 'stigmer.ai/sdk.generated-at': '2' } });
    const { message, headers } = await answer(commands.apply, again);
    expect(message).toEqual(created);
    expect(headers).toEqual({ 'stigmer-outcome': 'unchanged' });
    expect((await store.changes.list({}, { limit: 10 })).total).toBe(changes);
  });

  it('loses no update of two writers', async () => {
    const { call } = await engineFixture();
    const { metadata } = await call(commands.create, agent('Reviewer'));
    const increment = async (): Promise<void> => {
      for (;;) {
        const read = await call(queries.get, { value: metadata!.id });
        read.metadata!.labels['count'] = String(Number(read.metadata!.labels['count'] ?? '0') + 1);
        const done = await call(commands.update, read).then(
          () => true,
          (error: StigmerError) => {
            expect(error.code).toBe(Code.ABORTED);
            return false;
          },
        );
        if (done) return;
      }
    };
    await Promise.all(Array.from({ length: 12 }, increment));
    expect((await call(queries.get, { value: metadata!.id })).metadata?.labels['count']).toBe('12');
  });

  it('applies every one of many updates that carry no version', async () => {
    const { call, store } = await engineFixture();
    const { metadata } = await call(commands.create, agent('Reviewer'));
    const texts = Array.from({ length: 30 }, (_, index) => `Review it, and this is text ${index}.`);
    const answers = await Promise.all(texts.map((text) => call(commands.update, agent('Reviewer', { id: metadata!.id }, text))));
    expect(answers.map(({ spec }) => spec?.instructions)).toEqual(texts);
    const previous = new Set(answers.map((answer) => answer.metadata?.version?.previousVersionId));
    expect(previous.size).toBe(30);
    expect((await store.changes.list({ resourceId: metadata!.id }, { limit: 100 })).total).toBe(31);
  });
});

describe('apply', () => {
  it('creates, updates, and says which, with the fields that changed', async () => {
    const { answer } = await engineFixture();
    expect((await answer(commands.apply, agent('Reviewer'))).headers).toEqual({ 'stigmer-outcome': 'created' });
    const changed = agent('Reviewer', { labels: { 'a,b': '1' } }, 'Review it even better.');
    expect((await answer(commands.apply, changed)).headers).toEqual({
      'stigmer-outcome': 'updated',
      'stigmer-changed-fields': `${encodeURIComponent('metadata.labels["a,b"]')},spec.instructions`,
    });
  });

  it('keeps to its organisation', async () => {
    const { call } = await engineFixture();
    const ours = await call(commands.apply, agent('Reviewer'));
    const theirs = await call(commands.apply, agent('Reviewer', { org: 'umbrella' }, 'Something else altogether.'));
    expect(theirs.metadata?.id).not.toBe(ours.metadata?.id);
    expect((await call(queries.get, { value: ours.metadata!.id })).spec?.instructions).toBe('Review the change with care.');
  });

  it('makes one agent of many that come at once', async () => {
    const { answer, call } = await engineFixture();
    const answers = await Promise.all(Array.from({ length: 8 }, () => answer(commands.apply, agent('Reviewer'))));
    expect(answers.filter(({ headers }) => headers['stigmer-outcome'] === 'created')).toHaveLength(1);
    expect((await call(ResourceQuery.method.list, { kind: 40 })).total).toBe(1);
  });

  it('shows in a dry run what would happen, and does nothing', async () => {
    const { answer, call } = await engineFixture();
    const dryRun = { headers: { 'stigmer-dry-run': 'true' } };
    expect((await answer(commands.apply, agent('Reviewer'), dryRun)).headers).toEqual({ 'stigmer-outcome': 'created' });
    expect((await call(ResourceQuery.method.list, { kind: 40 })).total).toBe(0);
    const created = await call(commands.apply, agent('Reviewer'));
    const planned = await answer(commands.apply, agent('Reviewer', {}, 'Review it even better.'), dryRun);
    expect(planned.headers).toEqual({ 'stigmer-outcome': 'updated', 'stigmer-changed-fields': 'spec.instructions' });
    expect(await call(queries.get, { value: created.metadata!.id })).toEqual(created);
    expect((await answer(commands.delete, { value: created.metadata!.id }, dryRun)).headers).toEqual({
      'stigmer-outcome': 'deleted',
      'stigmer-cascade': 'agent_instance=1',
    });
    expect(await call(queries.get, { value: created.metadata!.id })).toEqual(created);
  });

  it('gives an agent its default instance back', async () => {
    const { call, engine } = await engineFixture();
    const created = await call(commands.create, agent('Reviewer'));
    await engine.delete(agentInstanceKind, created.status!.defaultInstanceId, alice);
    const bare = await call(queries.get, { value: created.metadata!.id });
    expect(bare.status?.defaultInstanceId).toBe('');
    const applied = await call(commands.apply, agent('Reviewer'));
    const instance = await call(AgentInstanceQueryController.method.get, { value: applied.status!.defaultInstanceId });
    expect(instance.spec?.agentId).toBe(created.metadata!.id);
  });
});
