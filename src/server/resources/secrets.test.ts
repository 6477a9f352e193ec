import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../../test/support/refusal.js';
import { drafts, environmentRef } from '../../../test/support/resource-drafts.js';
import { type EngineFixture, engineFixture } from '../../../test/support/resource-engine.js';
import { Code } from '../../contract/errors.js';
import { AgentCommandController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { AgentInstanceCommandController } from '../../contract/gen/ai/stigmer/agentic/agentinstance/v1/command_pb.js';
import { EnvironmentCommandController } from '../../contract/gen/ai/stigmer/agentic/environment/v1/command_pb.js';
import { EnvironmentQueryController } from '../../contract/gen/ai/stigmer/agentic/environment/v1/query_pb.js';
import { ExecutionContextCommandController } from '../../contract/gen/ai/stigmer/agentic/executioncontext/v1/command_pb.js';
import { ResourceQuery } from '../../contract/gen/stigmer/resource/v1/resource_pb.js';
import { agentInstanceKind } from './kinds/agent-instance.js';
import { agentKind } from './kinds/agent.js';
import { environmentKind } from './kinds/environment.js';
import { executionContextKind } from './kinds/execution-context.js';

const environments = EnvironmentCommandController.method;
const SECRET = 'hunter2-hunter2';

const opened = async ({ engine }: EngineFixture, kind: Parameters<typeof engine.openEnvironment>[0], id: string) =>
  Object.fromEntries([...(await engine.openEnvironment(kind, id))].map(([name, { value }]) => [name, value]));

async function withSecret() {
  const fixture = await engineFixture();
  const draft = drafts.environment('prod', { TOKEN: { value: SECRET, isSecret: true }, REGION: { value: 'eu' } });
  const created = await fixture.call(environments.create, draft);
  return { ...fixture, created, id: created.metadata!.id };
}

describe('secret values', () => {
  it('are hidden in every answer and open for the runner', async () => {
    const fixture = await withSecret();
    const { created, call, id } = fixture;
    const data = { TOKEN: { value: '***', isSecret: true }, REGION: { value: 'eu', isSecret: false } };
    expect(created.spec?.data).toMatchObject(data);
    expect((await call(EnvironmentQueryController.method.get, { value: id })).spec?.data).toMatchObject(data);
    expect((await call(EnvironmentQueryController.method.getByReference, { slug: 'prod' })).spec?.data).toMatchObject(data);
    const listed = await call(ResourceQuery.method.list, { kind: 53 });
    expect(listed.resources[0]?.resource.value).toMatchObject({ spec: { data } });
    expect((await call(environments.delete, { resourceId: id }, { headers: { 'stigmer-dry-run': 'true' } })).spec?.data).toMatchObject(
      data,
    );
    expect(await opened(fixture, environmentKind, id)).toEqual({ TOKEN: SECRET, REGION: 'eu' });
  });

  it('are nowhere in the files of the store', async () => {
    const { call, id, folder, store } = await withSecret();
    await call(environments.update, drafts.environment('prod', { TOKEN: { value: `${SECRET}-2`, isSecret: true } }, { id }));
    await call(environments.update, drafts.environment('prod', { OTHER: { value: `${SECRET}-3`, isSecret: true } }, { id }), {
      idempotencyKey: 'k',
    });
    await store.close();
    const files = readdirSync(folder.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(1);
    for (const { parentPath, name } of files) expect(readFileSync(join(parentPath, name)).includes(SECRET)).toBe(false);
  });

  it('stay when *** is sent back, and go when they are left out', async () => {
    const fixture = await withSecret();
    const { call, answer, created, id } = fixture;
    created.spec!.data['REGION']!.value = 'us';
    await call(environments.update, created);
    expect(await opened(fixture, environmentKind, id)).toEqual({ TOKEN: SECRET, REGION: 'us' });
    const without = drafts.environment('prod', { REGION: { value: 'us' } });
    expect((await answer(environments.apply, without)).headers['stigmer-changed-fields']).toContain('spec.data');
    expect(await opened(fixture, environmentKind, id)).toEqual({ REGION: 'us' });
    expect(await fixture.store.secrets.open(id)).toEqual({});
  });

  it('tell by the path alone that they changed, and nothing when they did not', async () => {
    const fixture = await withSecret();
    const draft = (value: string) => drafts.environment('prod', { TOKEN: { value, isSecret: true }, REGION: { value: 'eu' } });
    expect((await fixture.answer(environments.apply, draft(SECRET))).headers['stigmer-outcome']).toBe('unchanged');
    expect((await fixture.answer(environments.apply, draft('***'))).headers['stigmer-outcome']).toBe('unchanged');
    const { headers } = await fixture.answer(environments.apply, draft('another'));
    expect(headers).toEqual({ 'stigmer-outcome': 'updated', 'stigmer-changed-fields': encodeURIComponent('spec.data["TOKEN"].value') });
    expect(await opened(fixture, environmentKind, fixture.id)).toEqual({ TOKEN: 'another', REGION: 'eu' });
  });

  it('can be made plain only with their value', async () => {
    const fixture = await withSecret();
    const draft = (value: string) => drafts.environment('prod', { TOKEN: { value } }, { id: fixture.id });
    const error = await refusal(fixture.call(environments.update, draft('***')));
    expect([error.code, error.violations[0]?.field]).toEqual([Code.INVALID_ARGUMENT, 'spec.data["TOKEN"].value']);
    const plain = await fixture.call(environments.update, draft('not so secret'));
    expect(plain.spec?.data['TOKEN']).toMatchObject({ value: 'not so secret', isSecret: false });
    expect(await fixture.store.secrets.open(fixture.id)).toEqual({});
  });

  it('must be given at first', async () => {
    const { call } = await engineFixture();
    const error = await refusal(call(environments.create, drafts.environment('prod', { TOKEN: { value: '***', isSecret: true } })));
    expect(error.message).toContain('spec.data["TOKEN"].value');
    expect((await call(ResourceQuery.method.list, { kind: 53 })).total).toBe(0);
  });

  it('go with their resource', async () => {
    const { call, store, id } = await withSecret();
    await call(environments.delete, { resourceId: id });
    expect(await store.secrets.open(id)).toEqual({});
  });

  it('are sealed in execution contexts and in what agents declare', async () => {
    const fixture = await engineFixture();
    const context = await fixture.call(
      ExecutionContextCommandController.method.create,
      drafts.executionContext('aex-1', { K: { value: SECRET, isSecret: true } }),
    );
    expect(context.spec?.data['K']?.value).toBe('***');
    expect(await opened(fixture, executionContextKind, context.metadata!.id)).toEqual({ K: SECRET });
    const envSpec = { data: { KEY: { value: SECRET, isSecret: true }, NEEDED: { value: '', isSecret: true } } };
    const agent = await fixture.call(AgentCommandController.method.create, drafts.agent('A', {}, { envSpec }));
    expect(agent.spec?.envSpec?.data).toMatchObject({ KEY: { value: '***' }, NEEDED: { value: '' } });
    expect(await opened(fixture, agentKind, agent.metadata!.id)).toEqual({ KEY: SECRET, NEEDED: '' });
  });
});

describe('the environment of an instance', () => {
  it('lies over what the agent declares, later environments over earlier ones', async () => {
    const { call, engine } = await engineFixture();
    const envSpec = { data: { A: { value: 'agent' }, B: { value: 'agent' }, NEEDED: { value: '', isSecret: true } } };
    const agent = await call(AgentCommandController.method.create, drafts.agent('Reviewer', {}, { envSpec }));
    await call(environments.create, drafts.environment('base', { B: { value: 'base' }, C: { value: 'base', isSecret: true } }));
    await call(environments.create, drafts.environment('prod', { C: { value: 'prod' }, D: { value: SECRET, isSecret: true } }));
    const refs = { environmentRefs: [environmentRef('base'), environmentRef('prod')] };
    const instance = await call(AgentInstanceCommandController.method.create, drafts.agentInstance(agent.metadata!.id, {}, refs));
    const values = await engine.openInstanceEnvironment(agentInstanceKind, instance);
    expect(Object.fromEntries([...values].map(([name, { value, isSecret }]) => [name, [value, isSecret]]))).toEqual({
      A: ['agent', false],
      B: ['base', false],
      C: ['prod', false],
      D: [SECRET, true],
    });
    const prod = (await call(EnvironmentQueryController.method.getByReference, { slug: 'prod' })).metadata!.id;
    await call(environments.delete, { resourceId: prod, force: true });
    const error = await refusal(engine.openInstanceEnvironment(agentInstanceKind, instance));
    expect(error.message).toContain('Environment not found: prod');
  });
});
