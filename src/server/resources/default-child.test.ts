import { describe, expect, it } from 'vitest';
import { refusal } from '../../../test/support/refusal.js';
import { drafts } from '../../../test/support/resource-drafts.js';
import { alice, engineFixture } from '../../../test/support/resource-engine.js';
import { insertExecution } from '../../../test/support/temp-store.js';
import { Code } from '../../contract/errors.js';
import { AgentCommandController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { AgentQueryController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { AgentInstanceCommandController } from '../../contract/gen/ai/stigmer/agentic/agentinstance/v1/command_pb.js';
import { SessionQueryController } from '../../contract/gen/ai/stigmer/agentic/session/v1/query_pb.js';
import { WorkflowCommandController } from '../../contract/gen/ai/stigmer/agentic/workflow/v1/command_pb.js';
import { ResourceQuery } from '../../contract/gen/stigmer/resource/v1/resource_pb.js';
import { agentInstanceKind } from './kinds/agent-instance.js';
import { agentKind } from './kinds/agent.js';

const agents = AgentCommandController.method;

/** An agent without default instance, as one that was imported may be. */
async function bareAgent() {
  const fixture = await engineFixture();
  const created = await fixture.call(agents.create, drafts.agent());
  await fixture.engine.delete(agentInstanceKind, created.status!.defaultInstanceId, alice);
  const agent = await fixture.engine.get(agentKind, created.metadata!.id);
  return { ...fixture, agent, id: created.metadata!.id };
}

describe('the default instance', () => {
  it('is the one that the status names', async () => {
    const { engine, call } = await engineFixture();
    const agent = await call(agents.create, drafts.agent());
    const plan = await engine.ensureDefaultInstance(agent, alice);
    expect([plan.resource.metadata?.id, plan.ops, plan.outcome]).toEqual([agent.status?.defaultInstanceId, [], 'unchanged']);
  });

  it('is made when there is none, and noted in the agent by the same write', async () => {
    const { engine, agent, id, call } = await bareAgent();
    const plan = await engine.transact(() => engine.ensureDefaultInstance(agent, alice));
    expect(plan.outcome).toBe('created');
    const repaired = await call(AgentQueryController.method.get, { value: id });
    expect(repaired.status?.defaultInstanceId).toBe(plan.resource.metadata?.id);
    expect(repaired.metadata?.version?.previousVersionId).toBe(agent.metadata?.version?.id);
    expect(repaired.status?.audit?.specAudit).toEqual(agent.status?.audit?.specAudit);
  });

  it("is adopted when one of the agent's own has the name", async () => {
    const { engine, agent, id, call } = await bareAgent();
    const own = await call(AgentInstanceCommandController.method.create, drafts.agentInstance(id, { name: 'Reviewer-default' }));
    const plan = await engine.transact(() => engine.ensureDefaultInstance(agent, alice));
    expect(plan.resource.metadata?.id).toBe(own.metadata!.id);
    expect((await engine.get(agentKind, id)).status?.defaultInstanceId).toBe(own.metadata!.id);
  });

  it("gets another slug when another agent's instance has it", async () => {
    const { call } = await engineFixture();
    const other = await call(agents.create, drafts.agent('Other'));
    const instances = AgentInstanceCommandController.method;
    await call(instances.create, drafts.agentInstance(other.metadata!.id, { name: 'Reviewer Default' }));
    await call(instances.create, drafts.agentInstance(other.metadata!.id, { name: 'Second default' }));
    const agent = await call(agents.create, drafts.agent('Reviewer'));
    const list = await call(ResourceQuery.method.list, { kind: 45 });
    const found = list.resources.find(({ resource }) => resource.value?.metadata?.id === agent.status?.defaultInstanceId);
    expect(found?.resource.value?.metadata).toMatchObject({
      name: 'Reviewer-default',
      slug: `reviewer-default-${agent.metadata!.id.slice(4)}`,
    });
    const named = await call(agents.create, drafts.agent('Second', { slug: 'two' }));
    expect(named.status?.defaultInstanceId).not.toBe('');
  });

  it('is made once by calls that come at once', async () => {
    const { engine, agent, call } = await bareAgent();
    const plans = await Promise.all(Array.from({ length: 4 }, () => engine.transact(() => engine.ensureDefaultInstance(agent, alice))));
    expect(new Set(plans.map(({ resource }) => resource.metadata!.id)).size).toBe(1);
    expect((await call(ResourceQuery.method.list, { kind: 45 })).total).toBe(1);
  });

  it('of a workflow is made with it', async () => {
    const { call, engine } = await engineFixture();
    const workflow = await call(WorkflowCommandController.method.create, drafts.workflow('My Flow'));
    const plan = await engine.ensureDefaultWorkflowInstance(workflow, alice);
    expect(plan.resource).toMatchObject({
      metadata: { name: 'My Flow-default', slug: 'my-flow-default' },
      spec: { workflowId: workflow.metadata!.id },
    });
    expect(workflow.status?.defaultInstanceId).toBe(plan.resource.metadata?.id);
  });

  it('cannot be made for an agent that is gone', async () => {
    const { engine, agent, call, id } = await bareAgent();
    await call(agents.delete, { value: id });
    expect((await refusal(engine.ensureDefaultInstance(agent, alice))).code).toBe(Code.NOT_FOUND);
  });
});

describe('the session of an execution', () => {
  it('is written with instance and execution as a whole', async () => {
    const { engine, agent, id, store, call } = await bareAgent();
    const { session } = await engine.transact(async () => {
      const instance = await engine.ensureDefaultInstance(agent, alice);
      const session = await engine.planSession({ agent, instance: instance.resource, org: 'acme' }, alice, { after: [instance] });
      const belongs = { ownerId: id, instanceId: instance.resource.metadata!.id, sessionId: session.resource.metadata!.id };
      return { ops: [...instance.ops, ...session.ops, insertExecution({ id: 'aex-1', ...belongs })], session };
    });
    const stored = await call(SessionQueryController.method.get, { value: session.resource.metadata!.id });
    expect(stored.metadata?.name).toMatch(/^session-[0-9a-z]{26}$/);
    expect(stored.metadata?.slug).toBe(stored.metadata?.name);
    expect(stored.spec).toMatchObject({
      subject: 'Auto-created session',
      agentInstanceId: (await engine.get(agentKind, id)).status?.defaultInstanceId,
    });
    expect((await store.executions.get('aex-1'))?.row.sessionId).toBe(stored.metadata!.id);
  });

  it.each([
    ['of an org-scoped agent', { org: 'acme', ownerScope: 2 }, 'umbrella', { org: 'acme', ownerScope: 2 }],
    ['of a platform-scoped agent run by an organisation', { org: '', ownerScope: 1 }, 'umbrella', { org: 'umbrella', ownerScope: 2 }],
    ['of a platform-scoped agent run by nobody in particular', { org: '', ownerScope: 1 }, '', { org: '', ownerScope: 3 }],
  ])('%s has its scope and organisation', async (_what, home, org, expected) => {
    const { engine, call } = await engineFixture();
    const agent = await call(agents.create, drafts.agent('A', home));
    const instance = await engine.ensureDefaultInstance(agent, alice);
    const plan = await engine.planSession({ agent, instance: instance.resource, org }, alice);
    expect(plan.resource.metadata).toMatchObject(expected);
  });

  it('never collides with another of the same moment', async () => {
    const { engine, call } = await engineFixture();
    const agent = await call(agents.create, drafts.agent());
    const instance = await engine.ensureDefaultInstance(agent, alice);
    const request = { agent, instance: instance.resource, org: 'acme' };
    const plans = await Promise.all(Array.from({ length: 50 }, () => engine.transact(() => engine.planSession(request, alice))));
    expect(new Set(plans.map(({ resource }) => resource.metadata!.slug)).size).toBe(50);
  });
});
