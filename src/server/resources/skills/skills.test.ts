import { describe, expect, it } from 'vitest';
import { refusal } from '../../../../test/support/refusal.js';
import { drafts } from '../../../../test/support/resource-drafts.js';
import { engineFixture } from '../../../../test/support/resource-engine.js';
import { skillZip } from '../../../../test/support/zip.js';
import { Code } from '../../../contract/errors.js';
import { AgentCommandController } from '../../../contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { SkillCommandController } from '../../../contract/gen/ai/stigmer/agentic/skill/v1/command_pb.js';
import { SkillQueryController } from '../../../contract/gen/ai/stigmer/agentic/skill/v1/query_pb.js';
import { ResourceQuery } from '../../../contract/gen/stigmer/resource/v1/resource_pb.js';
import { skillKind } from '../kinds/skill.js';
import { collectAllArtifacts } from './artifacts.js';

const { push, delete: remove } = SkillCommandController.method;
const { get, getByReference, getArtifact } = SkillQueryController.method;
const { listSkillVersions } = ResourceQuery.method;

const ONE = skillZip('# One');
const TWO = skillZip('# Two');
const request = (artifact: Uint8Array, more: object = {}) => ({ name: 'Code Review', scope: 2, org: 'acme', artifact, ...more });

describe('push', () => {
  it('creates the skill with its content, hash and archive', async () => {
    const { answer, call } = await engineFixture();
    const { message: skill, headers } = await answer(push, request(ONE, { tag: 'v1' }));
    expect(headers['stigmer-outcome']).toBe('created');
    expect(skill).toMatchObject({
      metadata: { name: 'Code Review', slug: 'code-review', org: 'acme', ownerScope: 2 },
      spec: { skillMd: '# One', tag: 'v1' },
      status: { state: 2, artifactStorageKey: `skills/${skill.status?.versionHash}.zip` },
    });
    expect(skill.metadata?.id).toMatch(/^skl-/);
    expect(await call(get, { value: skill.metadata!.id })).toEqual(skill);
    const { artifact } = await call(getArtifact, { artifactStorageKey: skill.status!.artifactStorageKey });
    expect(Buffer.from(artifact)).toEqual(Buffer.from(ONE));
  });

  it('makes a new version of the skill of that slug, and keeps its creation, labels and id', async () => {
    const { call, answer, clock, engine } = await engineFixture();
    const first = await call(push, request(ONE));
    const row = await engine.row(skillKind, first.metadata!.id);
    first.metadata!.labels['team'] = 'core';
    const labelled = await engine.plan('update', skillKind, first, { kind: 'user', name: 'alice' });
    await engine.store.write(labelled.ops);
    expect(row.version).toBe(first.metadata!.version!.id);
    await clock.advance(1000);
    const { message: second, headers } = await answer(push, request(TWO));
    expect(headers['stigmer-outcome']).toBe('updated');
    expect(second.metadata).toMatchObject({ id: first.metadata!.id, labels: { team: 'core' } });
    expect(second.status?.audit?.specAudit?.createdAt).toEqual(first.status?.audit?.specAudit?.createdAt);
    expect(second.status?.versionHash).not.toBe(first.status?.versionHash);
  });

  it('of the same content under the same tag changes nothing', async () => {
    const { answer, call } = await engineFixture();
    const first = await call(push, request(ONE, { tag: 'v1' }));
    const again = await answer(push, request(ONE, { tag: 'v1' }));
    expect([again.headers['stigmer-outcome'], again.message]).toEqual(['unchanged', first]);
    expect((await call(listSkillVersions, { skillId: first.metadata!.id })).total).toBe(1);
    expect((await answer(push, request(ONE, { tag: 'v2' }))).headers['stigmer-outcome']).toBe('updated');
  });

  it('keeps to its organisation', async () => {
    const { call } = await engineFixture();
    const ours = await call(push, request(ONE));
    const theirs = await call(push, request(TWO, { org: 'umbrella' }));
    expect(theirs.metadata?.id).not.toBe(ours.metadata?.id);
  });

  it.each([
    [2, 'acme', 2],
    [1, '', 1],
    [0, 'acme', 2],
    [0, '', 1],
  ])('of scope %i in organisation %j is stored with scope %i', async (scope, org, stored) => {
    const { call } = await engineFixture();
    expect((await call(push, request(ONE, { scope, org }))).metadata?.ownerScope).toBe(stored);
  });

  it.each([
    ['a broken archive', { artifact: Buffer.from('x') }, 'artifact'],
    ['no archive', { artifact: new Uint8Array() }, 'artifact'],
    ['no name', { name: '' }, 'name'],
    ['a name without letters', { name: '你好' }, 'name'],
    ['a tag with a space', { tag: 'a b' }, 'tag'],
    ['the scope of an account', { scope: 3 }, 'scope'],
  ])('with %s is refused and keeps nothing', async (_what, fault, field) => {
    const { call, store } = await engineFixture();
    const error = await refusal(call(push, request(ONE, fault)));
    expect([error.code, error.violations[0]?.field]).toEqual([Code.INVALID_ARGUMENT, field]);
    expect((await call(ResourceQuery.method.list, { kind: 43 })).total).toBe(0);
    expect(await store.artifacts.list('skills/')).toEqual([]);
  });

  it('repeated under one idempotency key is one push', async () => {
    const { call } = await engineFixture();
    const first = await call(push, request(ONE), { idempotencyKey: 'k' });
    await call(push, request(TWO));
    expect(await call(push, request(ONE), { idempotencyKey: 'k' })).toEqual(first);
    expect((await call(listSkillVersions, { skillId: first.metadata!.id })).total).toBe(2);
  });

  it('is only shown in a dry run', async () => {
    const { answer, store } = await engineFixture();
    const { headers } = await answer(push, request(ONE), { headers: { 'stigmer-dry-run': 'true' } });
    expect(headers['stigmer-outcome']).toBe('created');
    expect(await store.artifacts.list('skills/')).toEqual([]);
  });

  it('at the same time with others loses none', async () => {
    const { call } = await engineFixture();
    const pushed = await Promise.all(
      Array.from({ length: 6 }, (_, index) => call(push, request(skillZip(`# ${index}`), { tag: `v${index}` }))),
    );
    expect(new Set(pushed.map(({ metadata }) => metadata!.id)).size).toBe(1);
    const { versions } = await call(listSkillVersions, { skillId: pushed[0]!.metadata!.id });
    expect(versions.map(({ tag }) => tag).toSorted()).toEqual(['v0', 'v1', 'v2', 'v3', 'v4', 'v5']);
  });
});

describe('versions', () => {
  it('are found by hash, by tag, and as the latest', async () => {
    const { call } = await engineFixture();
    const one = await call(push, request(ONE, { tag: 'stable' }));
    const two = await call(push, request(TWO));
    const at = async (version: string) => (await call(getByReference, { slug: 'code-review', org: 'acme', version })).spec?.skillMd;
    expect([await at(''), await at('latest'), await at('stable')]).toEqual(['# Two', '# Two', '# One']);
    expect([await at(one.status!.versionHash), await at(two.status!.versionHash)]).toEqual(['# One', '# Two']);
    await call(push, request(skillZip('# Three'), { tag: 'stable' }));
    await call(push, request(TWO));
    expect([await at('stable'), await at('')]).toEqual(['# Three', '# Two']);
    for (const version of ['nope', 'a'.repeat(64)]) {
      const error = await refusal(call(getByReference, { slug: 'code-review', org: 'acme', version }));
      expect([error.code, error.message]).toEqual([Code.NOT_FOUND, `skill version not found: code-review:${version}`]);
    }
  });

  it('are listed in the order of the pushes', async () => {
    const { call } = await engineFixture();
    const { metadata } = await call(push, request(ONE, { tag: 'v1' }));
    await call(push, request(TWO, { tag: 'v2' }), { caller: { kind: 'user', name: 'bob' } });
    const { versions, total } = await call(listSkillVersions, { skillId: metadata!.id });
    expect([total, versions.map(({ tag, pushedBy }) => [tag, pushedBy])]).toEqual([
      2,
      [
        ['v1', 'alice'],
        ['v2', 'bob'],
      ],
    ]);
    expect((await refusal(call(listSkillVersions, { skillId: 'skl-none' }))).code).toBe(Code.NOT_FOUND);
  });

  it('that an agent refers to must exist', async () => {
    const { call } = await engineFixture();
    await call(push, request(ONE, { tag: 'v1' }));
    const create = async (version: string) => {
      const skillRefs = [{ kind: 43, slug: 'code-review', org: 'acme', version }];
      return call(AgentCommandController.method.create, drafts.agent(`A${version}`, {}, { skillRefs }));
    };
    expect((await create('v1')).spec?.skillRefs).toHaveLength(1);
    expect((await refusal(create('v2'))).message).toContain('spec.skill_refs[0]: Skill not found: code-review:v2');
  });
});

describe('delete', () => {
  it('takes versions and archives along, but no archive that another skill has', async () => {
    const { call, answer, store } = await engineFixture();
    const skill = await call(push, request(ONE));
    await call(push, request(TWO));
    await call(push, request(ONE, { org: 'umbrella' }));
    const { headers } = await answer(remove, { value: skill.metadata!.id });
    expect(headers['stigmer-cascade']).toBe('api_resource_version=2');
    expect(await store.artifacts.list('skills/')).toEqual([skill.status!.artifactStorageKey]);
    expect((await refusal(call(getByReference, { slug: 'code-review', org: 'acme' }))).code).toBe(Code.NOT_FOUND);
  });

  it('is refused while an agent refers to the skill', async () => {
    const { call } = await engineFixture();
    const skill = await call(push, request(ONE));
    await call(AgentCommandController.method.create, drafts.agent('A', {}, { skillRefs: [{ kind: 43, slug: 'code-review' }] }));
    expect((await refusal(call(remove, { value: skill.metadata!.id }))).message).toContain("is in use by agent 'a'");
  });

  it('archives that a broken-off push left behind are collected', async () => {
    const { call, store } = await engineFixture();
    const skill = await call(push, request(ONE));
    const orphan = `skills/${'0'.repeat(64)}.zip`;
    await store.artifacts.put(orphan, TWO);
    expect(await collectAllArtifacts(store)).toEqual([orphan]);
    expect(await store.artifacts.list('skills/')).toEqual([skill.status!.artifactStorageKey]);
  });
});

describe('getArtifact', () => {
  it.each([
    '../../etc/passwd',
    'skills/../x.zip',
    `skills/${'a'.repeat(63)}.zip`,
    `/skills/${'a'.repeat(64)}.zip`,
    `skills/${'A'.repeat(64)}.zip`,
  ])('refuses the key %s', async (artifactStorageKey) => {
    const { call } = await engineFixture();
    const error = await refusal(call(getArtifact, { artifactStorageKey }));
    expect([error.code, error.violations[0]?.field]).toEqual([Code.INVALID_ARGUMENT, 'artifact_storage_key']);
  });

  it('says what is not found', async () => {
    const { call } = await engineFixture();
    const artifactStorageKey = `skills/${'a'.repeat(64)}.zip`;
    expect((await refusal(call(getArtifact, { artifactStorageKey }))).message).toBe(`skill artifact not found: ${artifactStorageKey}`);
  });
});
