import { create, type DescMethodUnary, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import type { Metadata, ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Code, type StigmerError } from '../src/contract/errors.js';
import { AgentCommandController } from '../src/contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { AgentQueryController } from '../src/contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { AgentInstanceCommandController } from '../src/contract/gen/ai/stigmer/agentic/agentinstance/v1/command_pb.js';
import { AgentInstanceQueryController } from '../src/contract/gen/ai/stigmer/agentic/agentinstance/v1/query_pb.js';
import { EnvironmentCommandController } from '../src/contract/gen/ai/stigmer/agentic/environment/v1/command_pb.js';
import { EnvironmentQueryController } from '../src/contract/gen/ai/stigmer/agentic/environment/v1/query_pb.js';
import { ExecutionContextCommandController } from '../src/contract/gen/ai/stigmer/agentic/executioncontext/v1/command_pb.js';
import { ExecutionContextQueryController } from '../src/contract/gen/ai/stigmer/agentic/executioncontext/v1/query_pb.js';
import { McpServerCommandController } from '../src/contract/gen/ai/stigmer/agentic/mcpserver/v1/command_pb.js';
import { McpServerQueryController } from '../src/contract/gen/ai/stigmer/agentic/mcpserver/v1/query_pb.js';
import { SessionCommandController } from '../src/contract/gen/ai/stigmer/agentic/session/v1/command_pb.js';
import { SessionQueryController } from '../src/contract/gen/ai/stigmer/agentic/session/v1/query_pb.js';
import { SkillCommandController } from '../src/contract/gen/ai/stigmer/agentic/skill/v1/command_pb.js';
import { SkillQueryController } from '../src/contract/gen/ai/stigmer/agentic/skill/v1/query_pb.js';
import { WorkflowCommandController } from '../src/contract/gen/ai/stigmer/agentic/workflow/v1/command_pb.js';
import { WorkflowQueryController } from '../src/contract/gen/ai/stigmer/agentic/workflow/v1/query_pb.js';
import { WorkflowInstanceCommandController } from '../src/contract/gen/ai/stigmer/agentic/workflowinstance/v1/command_pb.js';
import { WorkflowInstanceQueryController } from '../src/contract/gen/ai/stigmer/agentic/workflowinstance/v1/query_pb.js';
import { ResourceQuery } from '../src/contract/gen/stigmer/resource/v1/resource_pb.js';
import { fromGrpcStatus } from '../src/contract/grpc-status.js';
import { type EdgeFixture, startEdge } from './support/edge.js';
import { drafts, environmentRef } from './support/resource-drafts.js';
import { type EngineFixture, engineWorld } from './support/resource-engine.js';
import { unary } from './support/rpc.js';
import { skillZip } from './support/zip.js';

let edge: EdgeFixture;
let world: EngineFixture & { close(): Promise<void> };
const called = new Set<string>();

beforeAll(async () => {
  world = await engineWorld();
  edge = await startEdge(world.services);
});

afterAll(async () => {
  await edge.close();
  await world.close();
});

/** Calls a method through a real client, with a token. */
async function call<M extends DescMethodUnary>(method: M, request: MessageInitShape<M['input']>, metadata: Record<string, string> = {}) {
  called.add(`${method.parent.typeName}/${method.name}`);
  let headers: Metadata | undefined;
  const sent = edge.as('user');
  for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
  const message: MessageShape<M['output']> = await unary(
    edge.client(method.parent),
    method,
    request,
    sent,
    (received) => (headers = received),
  );
  return { message, header: (name: string) => headers?.get(name)[0] };
}

async function refused<M extends DescMethodUnary>(method: M, request: MessageInitShape<M['input']>): Promise<StigmerError> {
  const error: unknown = await call(method, request).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeDefined();
  return fromGrpcStatus(error as ServiceError);
}

describe('resources through a gRPC client', () => {
  it('agents', async () => {
    const { create: make, apply, update, delete: remove } = AgentCommandController.method;
    const { get, getByReference } = AgentQueryController.method;
    const { message: agent, header } = await call(make, drafts.agent());
    expect(header('stigmer-outcome')).toBe('created');
    expect((await call(get, { value: agent.metadata!.id })).message).toEqual(agent);
    expect((await call(getByReference, { slug: 'reviewer', org: 'acme', scope: 0 })).message).toEqual(agent);
    expect((await call(apply, drafts.agent())).header('stigmer-outcome')).toBe('unchanged');
    const updated = await call(update, drafts.agent('Reviewer', { tags: ['new'] }));
    expect([updated.header('stigmer-outcome'), updated.header('stigmer-changed-fields')]).toEqual(['updated', 'metadata.tags']);
    const stale = await refused(update, create(make.input, { ...drafts.agent(), metadata: { ...agent.metadata!, tags: ['other'] } }));
    expect([stale.code, stale.reason]).toEqual([Code.ABORTED, 'VERSION_CONFLICT']);
    const invalid = await refused(make, drafts.agent('x', {}, { instructions: 'short' }));
    expect([invalid.code, invalid.violations.map(({ field }) => field)]).toEqual([Code.INVALID_ARGUMENT, ['spec.instructions']]);
    const twice = await refused(make, drafts.agent());
    expect([twice.code, twice.message]).toEqual([
      Code.ALREADY_EXISTS,
      `Agent with slug 'reviewer' already exists (id: ${agent.metadata!.id})`,
    ]);
    const gone = await call(remove, { value: agent.metadata!.id });
    expect([gone.message.metadata?.id, gone.header('stigmer-cascade')]).toEqual([agent.metadata!.id, 'agent_instance=1']);
    const missing = await refused(get, { value: agent.metadata!.id });
    expect([missing.code, missing.message]).toEqual([Code.NOT_FOUND, `Agent not found: ${agent.metadata!.id}`]);
  });

  it('agent instances and sessions', async () => {
    const { message: agent } = await call(AgentCommandController.method.create, drafts.agent('Instances'));
    const agentId = agent.metadata!.id;
    const instances = { ...AgentInstanceCommandController.method, ...AgentInstanceQueryController.method };
    const { message: instance } = await call(instances.create, drafts.agentInstance(agentId));
    expect((await call(instances.apply, drafts.agentInstance(agentId, { labels: { a: 'b' } }))).header('stigmer-outcome')).toBe('updated');
    expect((await call(instances.update, drafts.agentInstance(agentId))).message.metadata?.id).toBe(instance.metadata!.id);
    expect((await call(instances.get, { value: instance.metadata!.id })).message.spec?.agentId).toBe(agentId);
    expect((await call(instances.getByReference, { slug: 'instance', org: 'acme' })).message.metadata?.id).toBe(instance.metadata!.id);
    expect((await call(instances.getByAgent, { agentId })).message.totalCount).toBe(2);

    const sessions = { ...SessionCommandController.method, ...SessionQueryController.method };
    const { message: session } = await call(sessions.create, drafts.session(instance.metadata!.id, { tags: ['t'] }));
    expect((await call(sessions.apply, drafts.session(instance.metadata!.id, { tags: ['t'] }))).header('stigmer-outcome')).toBe(
      'unchanged',
    );
    session.spec!.sandboxId = 'box';
    expect((await call(sessions.update, session)).message.spec?.sandboxId).toBe('box');
    expect((await call(sessions.get, { value: session.metadata!.id })).message.spec?.sandboxId).toBe('box');
    await call(sessions.create, drafts.session(instance.metadata!.id, { name: 'Another', tags: ['t'] }));
    const first = await call(sessions.list, { pageSize: 1, tags: ['t'] });
    expect([first.message.entries.length, first.message.totalPages]).toEqual([1, 2]);
    const second = await call(sessions.list, { pageSize: 1, tags: ['t'], pageToken: String(first.header('stigmer-next-page-token')) });
    expect(second.message.entries[0]?.metadata?.name).toBe('Another');
    expect((await call(sessions.listByAgent, { agentId })).message.entries).toHaveLength(2);
    expect((await call(sessions.delete, { value: session.metadata!.id })).message.metadata?.id).toBe(session.metadata!.id);
    expect((await call(instances.delete, { value: instance.metadata!.id })).header('stigmer-cascade')).toBe('session=1');
  });

  it('environments and execution contexts', async () => {
    const environments = { ...EnvironmentCommandController.method, ...EnvironmentQueryController.method };
    const data = { TOKEN: { value: 's3cret', isSecret: true } };
    const { message: environment } = await call(environments.create, drafts.environment('prod', data));
    expect(environment.spec?.data['TOKEN']?.value).toBe('***');
    expect((await call(environments.apply, drafts.environment('prod', data))).header('stigmer-outcome')).toBe('unchanged');
    expect((await call(environments.update, drafts.environment('prod', data, { labels: { a: 'b' } }))).header('stigmer-outcome')).toBe(
      'updated',
    );
    expect((await call(environments.get, { value: environment.metadata!.id })).message.spec?.data['TOKEN']?.value).toBe('***');
    expect((await call(environments.getByReference, { slug: 'prod', kind: 52 })).message.metadata?.id).toBe(environment.metadata!.id);
    const { message: agent } = await call(AgentCommandController.method.create, drafts.agent('Uses prod'));
    const environmentRefs = [environmentRef('prod')];
    await call(
      AgentInstanceCommandController.method.create,
      drafts.agentInstance(agent.metadata!.id, { name: 'Uses prod' }, { environmentRefs }),
    );
    const used = await refused(environments.delete, { resourceId: environment.metadata!.id });
    expect([used.code, used.reason]).toEqual([Code.FAILED_PRECONDITION, 'STILL_REFERENCED']);
    await call(environments.delete, { resourceId: environment.metadata!.id, force: true });

    const contexts = { ...ExecutionContextCommandController.method, ...ExecutionContextQueryController.method };
    const { message: context } = await call(contexts.create, drafts.executionContext('aex-1', data));
    expect((await refused(contexts.apply, drafts.executionContext('aex-1', data))).code).toBe(Code.ALREADY_EXISTS);
    expect((await call(contexts.get, { value: context.metadata!.id })).message.spec?.data['TOKEN']?.value).toBe('***');
    expect((await call(contexts.getByReference, { slug: 'context' })).message.metadata?.id).toBe(context.metadata!.id);
    expect((await call(contexts.delete, { resourceId: context.metadata!.id })).header('stigmer-outcome')).toBe('deleted');
  });

  it('skills', async () => {
    const skills = { ...SkillCommandController.method, ...SkillQueryController.method };
    const artifact = skillZip('# Review');
    const { message: skill, header } = await call(skills.push, { name: 'Review', scope: 2, org: 'acme', artifact, tag: 'v1' });
    expect(header('stigmer-outcome')).toBe('created');
    expect((await call(skills.get, { value: skill.metadata!.id })).message).toEqual(skill);
    expect((await call(skills.getByReference, { slug: 'review', org: 'acme', version: 'v1' })).message).toEqual(skill);
    const file = await call(skills.getArtifact, { artifactStorageKey: skill.status!.artifactStorageKey });
    expect(Buffer.from(file.message.artifact)).toEqual(Buffer.from(artifact));
    expect((await refused(skills.getArtifact, { artifactStorageKey: '../stigmer.db' })).code).toBe(Code.INVALID_ARGUMENT);
    expect((await call(ResourceQuery.method.listSkillVersions, { skillId: skill.metadata!.id })).message.versions[0]?.tag).toBe('v1');
    expect((await call(skills.delete, { value: skill.metadata!.id })).message.metadata?.id).toBe(skill.metadata!.id);
  });

  it('MCP servers', async () => {
    const servers = { ...McpServerCommandController.method, ...McpServerQueryController.method };
    const { message: server } = await call(servers.create, drafts.mcpServer());
    expect(server.status?.validationState).toBe(1);
    expect((await call(servers.apply, drafts.mcpServer())).header('stigmer-outcome')).toBe('unchanged');
    expect((await call(servers.update, drafts.mcpServer('github', { labels: { a: 'b' } }))).header('stigmer-outcome')).toBe('updated');
    expect((await call(servers.get, { value: server.metadata!.id })).message.metadata?.labels).toEqual({ a: 'b' });
    expect((await call(servers.getByReference, { slug: 'github' })).message.metadata?.id).toBe(server.metadata!.id);
    expect((await call(servers.delete, { resourceId: server.metadata!.id })).header('stigmer-outcome')).toBe('deleted');
  });

  it('workflows and their instances', async () => {
    const workflows = { ...WorkflowCommandController.method, ...WorkflowQueryController.method };
    const { message: workflow } = await call(workflows.create, drafts.workflow());
    expect(workflow.status?.defaultInstanceId).toMatch(/^win-/);
    expect((await call(workflows.apply, drafts.workflow())).header('stigmer-outcome')).toBe('unchanged');
    expect((await call(workflows.update, drafts.workflow('Release', { labels: { a: 'b' } }))).header('stigmer-outcome')).toBe('updated');
    const { message: read } = await call(workflows.get, { value: workflow.metadata!.id });
    expect((await call(workflows.getByReference, { slug: 'release', org: 'acme' })).message).toEqual(read);

    const instances = { ...WorkflowInstanceCommandController.method, ...WorkflowInstanceQueryController.method };
    const workflowId = workflow.metadata!.id;
    const { message: instance } = await call(instances.create, drafts.workflowInstance(workflowId));
    expect((await call(instances.apply, drafts.workflowInstance(workflowId))).header('stigmer-outcome')).toBe('unchanged');
    expect((await call(instances.update, drafts.workflowInstance(workflowId, { tags: ['t'] }))).header('stigmer-changed-fields')).toBe(
      'metadata.tags',
    );
    expect((await call(instances.get, { value: instance.metadata!.id })).message.metadata?.tags).toEqual(['t']);
    expect((await call(instances.getByReference, { slug: 'instance' })).message.metadata?.id).toBe(instance.metadata!.id);
    expect((await call(instances.getByWorkflow, { workflowId })).message.entries).toHaveLength(2);
    expect((await refused(instances.create, drafts.workflowInstance('wfl-none'))).message).toBe('Workflow not found: wfl-none');
    await call(instances.delete, { value: instance.metadata!.id });
    expect((await call(workflows.delete, { value: workflowId })).header('stigmer-cascade')).toBe('workflow_instance=1');
  });

  it('lists of every kind and the log of changes', async () => {
    await call(AgentCommandController.method.create, drafts.agent('Listed', { org: 'lists' }));
    const { message: list } = await call(ResourceQuery.method.list, { kind: 40, org: 'lists' });
    expect([list.total, list.resources[0]?.resource.value?.metadata?.name]).toEqual([1, 'Listed']);
    const { message: changes } = await call(ResourceQuery.method.listChanges, {
      resourceId: list.resources[0]!.resource.value!.metadata!.id,
    });
    expect(changes.changes.map(({ actor }) => actor)).toEqual([expect.any(String)]);
  });

  it('answers one idempotency key once, and nothing but a plan in a dry run', async () => {
    const { create: make } = AgentCommandController.method;
    const first = await call(make, drafts.agent('Once'), { 'idempotency-key': 'k' });
    expect((await call(make, drafts.agent('Once'), { 'idempotency-key': 'k' })).message).toEqual(first.message);
    expect((await call(make, drafts.agent('Never'), { 'stigmer-dry-run': 'true' })).header('stigmer-outcome')).toBe('created');
    expect((await refused(AgentQueryController.method.getByReference, { slug: 'never' })).code).toBe(Code.NOT_FOUND);
  });

  it('were all called', () => {
    const all = world.services.flatMap(({ service }) => service.methods.map((method) => `${service.typeName}/${method.name}`));
    expect([...called].toSorted()).toEqual(all.toSorted());
  });
});
