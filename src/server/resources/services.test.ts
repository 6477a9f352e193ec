import { create, type DescMethodUnary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../../test/support/refusal.js';
import { drafts } from '../../../test/support/resource-drafts.js';
import { alice, engineFixture } from '../../../test/support/resource-engine.js';
import { skillZip } from '../../../test/support/zip.js';
import { Code } from '../../contract/errors.js';
import { AgentCommandController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { SkillCommandController } from '../../contract/gen/ai/stigmer/agentic/skill/v1/command_pb.js';
import { WorkflowCommandController } from '../../contract/gen/ai/stigmer/agentic/workflow/v1/command_pb.js';
import { services as allServices } from '../../contract/registry.js';
import { kindDefinitions } from './kinds/index.js';
import type { Resource } from './resource.js';

/** Services of the contract that are not about resources: executions, which have handlers of their own. */
const ELSEWHERE = /execution\.v1\.(Agent|Workflow)Execution|workflowrunner|^stigmer\.(execution|runner|stream|system)\./;

describe('the services', () => {
  it('have a handler for every method of the contract', async () => {
    const { services } = await engineFixture();
    const expected = allServices.filter(({ typeName }) => !ELSEWHERE.test(typeName));
    expect(services.map(({ service }) => service.typeName).toSorted()).toEqual(expected.map(({ typeName }) => typeName).toSorted());
    for (const { service, handlers } of services) {
      expect(Object.keys(handlers).toSorted()).toEqual(service.methods.map(({ name }) => name).toSorted());
    }
  });

  it('refuse an empty request to every method, with the code that says why', async () => {
    const { services, call } = await engineFixture();
    const harmless = new Set(['list', 'List', 'ListChanges']);
    for (const { service } of services) {
      for (const method of service.methods as readonly DescMethodUnary[]) {
        if (harmless.has(method.name) && service.typeName !== 'stigmer.resource.v1.ResourceQuery') continue;
        if (method.name === 'ListChanges') continue;
        const error = await refusal(call(method, create(method.input) as never));
        const code = method.name === 'ListSkillVersions' ? Code.NOT_FOUND : Code.INVALID_ARGUMENT;
        expect([`${service.typeName}/${method.name}`, error.code]).toEqual([`${service.typeName}/${method.name}`, code]);
      }
    }
  });
});

type Fixture = Awaited<ReturnType<typeof engineFixture>>;

/** A draft of each kind that has create, update and apply, with what it needs made before, and a change to it. */
const kinds: readonly [string, (fixture: Fixture) => Promise<Resource>, (resource: Resource) => void][] = [
  ['agent', async () => drafts.agent(), label],
  ['agent_instance', async (fixture) => drafts.agentInstance((await anAgent(fixture)).metadata!.id), label],
  ['session', async (fixture) => drafts.session((await anAgent(fixture)).status!.defaultInstanceId), label],
  ['environment', async () => drafts.environment('prod', { K: { value: 'v', isSecret: true } }), label],
  ['execution_context', async () => drafts.executionContext('aex-1', { K: { value: 'v', isSecret: true } }), label],
  ['mcp_server', async () => drafts.mcpServer(), label],
  ['workflow', async () => drafts.workflow(), label],
  ['workflow_instance', async (fixture) => drafts.workflowInstance((await aWorkflow(fixture)).metadata!.id), label],
];

function label(resource: Resource): void {
  resource.metadata!.labels['changed'] = 'yes';
}

const anAgent = async ({ call }: Fixture) => call(AgentCommandController.method.create, drafts.agent('Parent'));
const aWorkflow = async ({ call }: Fixture) => call(WorkflowCommandController.method.create, drafts.workflow('Parent'));

type UsualMethods = Partial<Record<'create' | 'update' | 'apply' | 'delete' | 'get' | 'getByReference', DescMethodUnary>>;

function methodsOf(name: string): UsualMethods {
  const { services } = kindDefinitions.find(({ kind }) => kind.enumName === name)!;
  return Object.fromEntries(services.flatMap((service) => service.methods.map((method) => [method.name, method as DescMethodUnary])));
}

async function lifeOf(name: string, draftOf: (fixture: Fixture) => Promise<Resource>) {
  const fixture = await engineFixture();
  const methods = methodsOf(name);
  const { kind } = kindDefinitions.find((definition) => definition.kind.enumName === name)!;
  const send = async (method: DescMethodUnary, request: Record<string, unknown>) => {
    const { message, headers } = await fixture.answer(method, request);
    return { resource: message as Resource, outcome: headers['stigmer-outcome'] };
  };
  const deleteById = async (id: string) => send(methods.delete!, { value: id, resourceId: id });
  const draft = await draftOf(fixture);
  return { kind, methods, send, deleteById, draft, created: await send(methods.create!, draft) };
}

describe.each(kinds)('%s', (name, draftOf) => {
  const { create: make, get } = methodsOf(name);

  it('is created, read, deleted and created again', async () => {
    const { kind, methods, send, deleteById, draft, created } = await lifeOf(name, draftOf);
    expect([created.outcome, created.resource.kind, created.resource.apiVersion]).toEqual(['created', kind.name, 'agentic.stigmer.ai/v1']);
    const { id } = created.resource.metadata!;
    expect(id.startsWith(`${kind.idPrefix}-`)).toBe(true);
    expect(created.resource.status?.audit?.specAudit?.event).toBe('created');
    expect((await refusal(send(make!, draft))).code).toBe(Code.ALREADY_EXISTS);
    expect((await send(get!, { value: id })).resource).toEqual(created.resource);

    expect((await deleteById(id)).outcome).toBe('deleted');
    for (const call of [send(get!, { value: id }), deleteById(id)]) {
      const error = await refusal(call);
      expect([error.code, error.message]).toEqual([Code.NOT_FOUND, `${kind.name} not found: ${id}`]);
    }
    expect((await send(methods.apply!, draft)).outcome).toBe('created');
  });

  it('keeps fields that the contract does not know', async () => {
    const fixture = await engineFixture();
    const draft = await draftOf(fixture);
    draft.spec!.$unknown = [{ no: 9000, wireType: 0, data: new Uint8Array([7]) }];
    const { metadata } = (await fixture.call(make!, draft)) as Resource;
    const read = (await fixture.call(get!, { value: metadata!.id })) as Resource;
    expect(read.spec!.$unknown?.map(({ no }) => no)).toEqual([9000]);
  });

  it('names the caller in its log of changes', async () => {
    const fixture = await engineFixture();
    const { metadata } = (await fixture.call(make!, await draftOf(fixture))) as Resource;
    const { items } = await fixture.store.changes.list({ resourceId: metadata!.id }, { limit: 5 });
    expect(items.map(({ actor, action, kind }) => [actor, action, kind])).toEqual([[alice.name, 'created', name]]);
  });
});

const those = (method: keyof UsualMethods) => kinds.filter(([name]) => methodsOf(name)[method] !== undefined);

describe('of the kinds', () => {
  it.each(those('getByReference'))('%s is found by its slug', async (name, draftOf) => {
    const { methods, send, created } = await lifeOf(name, draftOf);
    const { slug, org } = created.resource.metadata!;
    expect((await send(methods.getByReference!, { slug, org })).resource).toEqual(created.resource);
  });

  it.each(those('update'))('%s is updated and applied', async (name, draftOf, change) => {
    const { methods, send, draft, created } = await lifeOf(name, draftOf);
    expect((await send(methods.apply!, created.resource)).outcome).toBe('unchanged');
    change(draft);
    const { outcome, resource } = await send(methods.update!, draft);
    const { id } = created.resource.metadata!;
    expect([outcome, resource.metadata?.id, resource.metadata?.labels]).toEqual(['updated', id, { changed: 'yes' }]);
    expect((await send(methods.apply!, draft)).outcome).toBe('unchanged');
    expect((await send(methods.get!, { value: id })).resource).toEqual(resource);
  });

  it('execution_context is not changed by apply', async () => {
    const { methods, send, draft } = await lifeOf('execution_context', async () => drafts.executionContext('aex-1'));
    expect((await refusal(send(methods.apply!, draft))).code).toBe(Code.ALREADY_EXISTS);
  });
});

describe('a skill', () => {
  it('is made by push, not by create', async () => {
    const { call } = await engineFixture();
    expect(Object.keys(methodsOf('skill')).toSorted()).toEqual(['delete', 'get', 'getArtifact', 'getByReference', 'push']);
    const skill = await call(SkillCommandController.method.push, { name: 'S', scope: 2, org: 'acme', artifact: skillZip('# S') });
    expect(skill.kind).toBe('Skill');
  });
});
