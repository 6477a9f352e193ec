import { describe, expect, it } from 'vitest';
import { refusal } from '../../../test/support/refusal.js';
import { drafts, environmentRef } from '../../../test/support/resource-drafts.js';
import { alice, type EngineFixture, engineFixture } from '../../../test/support/resource-engine.js';
import { Code } from '../../contract/errors.js';
import { AgentCommandController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { AgentInstanceCommandController } from '../../contract/gen/ai/stigmer/agentic/agentinstance/v1/command_pb.js';
import { EnvironmentCommandController } from '../../contract/gen/ai/stigmer/agentic/environment/v1/command_pb.js';
import { ExecutionContextCommandController } from '../../contract/gen/ai/stigmer/agentic/executioncontext/v1/command_pb.js';
import { SessionCommandController } from '../../contract/gen/ai/stigmer/agentic/session/v1/command_pb.js';
import { WorkflowCommandController } from '../../contract/gen/ai/stigmer/agentic/workflow/v1/command_pb.js';
import { WorkflowInstanceCommandController } from '../../contract/gen/ai/stigmer/agentic/workflowinstance/v1/command_pb.js';
import { agentInstanceKind } from './kinds/agent-instance.js';
import { agentKind } from './kinds/agent.js';
import { sessionKind } from './kinds/session.js';

const createAgent = async ({ call }: EngineFixture, ...draft: Parameters<typeof drafts.agent>) =>
  call(AgentCommandController.method.create, drafts.agent(...draft));

describe('parents', () => {
  it.each([
    ['an agent instance', AgentInstanceCommandController.method.create, drafts.agentInstance('agt-none'), 'Agent not found: agt-none'],
    ['a session', SessionCommandController.method.create, drafts.session('ain-none'), 'AgentInstance not found: ain-none'],
    [
      'a workflow instance',
      WorkflowInstanceCommandController.method.create,
      drafts.workflowInstance('wfl-none'),
      'Workflow not found: wfl-none',
    ],
  ])('%s whose parent is missing is not found', async (_what, method, draft, message) => {
    const { call } = await engineFixture();
    const error = await refusal(call(method as typeof AgentInstanceCommandController.method.create, draft as never));
    expect([error.code, error.message]).toEqual([Code.NOT_FOUND, message]);
  });

  it('must be named', async () => {
    const { call } = await engineFixture();
    const draft = drafts.session('x');
    delete draft.spec;
    const error = await refusal(call(SessionCommandController.method.create, draft));
    expect(error.violations).toEqual([{ field: 'spec.agent_instance_id', description: 'value is required', rule: '' }]);
  });

  it('cannot be changed', async () => {
    const fixture = await engineFixture();
    const [one, other] = [await createAgent(fixture, 'One'), await createAgent(fixture, 'Other')];
    const instance = await fixture.call(AgentInstanceCommandController.method.create, drafts.agentInstance(one.metadata!.id));
    instance.spec!.agentId = other.metadata!.id;
    const error = await refusal(fixture.call(AgentInstanceCommandController.method.update, instance));
    expect(error.message).toBe(`spec.agent_id: cannot be changed; it is '${one.metadata!.id}'`);
  });

  it('keep org-scoped instances in their own organisation', async () => {
    const fixture = await engineFixture();
    const { call } = fixture;
    const agent = await createAgent(fixture);
    const error = await refusal(
      call(AgentInstanceCommandController.method.create, drafts.agentInstance(agent.metadata!.id, { org: 'umbrella' })),
    );
    expect(error.code).toBe(Code.INVALID_ARGUMENT);
    expect(error.message).toContain('Cannot create instance of org-scoped agent in a different organization');
    const workflow = await call(WorkflowCommandController.method.create, drafts.workflow());
    const draft = drafts.workflowInstance(workflow.metadata!.id, { org: 'umbrella' });
    expect((await refusal(call(WorkflowInstanceCommandController.method.create, draft))).message).toContain(
      'Cannot create instance of org-scoped workflow in a different organization',
    );
  });

  it('of the platform can be used by every organisation', async () => {
    const fixture = await engineFixture();
    const agent = await createAgent(fixture, 'Shared', { org: '', ownerScope: 1 });
    const instance = await fixture.call(
      AgentInstanceCommandController.method.create,
      drafts.agentInstance(agent.metadata!.id, { org: 'umbrella' }),
    );
    expect(instance.metadata?.org).toBe('umbrella');
  });

  it('of an execution context are not looked up', async () => {
    const { call } = await engineFixture();
    const context = await call(ExecutionContextCommandController.method.create, drafts.executionContext('aex-later'));
    expect(context.spec?.executionId).toBe('aex-later');
  });
});

describe('references', () => {
  it('must have a target', async () => {
    const fixture = await engineFixture();
    const agent = await createAgent(fixture);
    const draft = drafts.agentInstance(agent.metadata!.id, {}, { environmentRefs: [environmentRef('prod')] });
    const error = await refusal(fixture.call(AgentInstanceCommandController.method.create, draft));
    expect(error.code).toBe(Code.FAILED_PRECONDITION);
    expect(error.message).toBe("spec.environment_refs[0]: Environment not found: prod in organization 'acme'");
    expect(error.reason).toBe('DANGLING_REFERENCE');
  });

  it('name the place in nested lists', async () => {
    const { call } = await engineFixture();
    const subAgents = [{ name: 'helper', instructions: 'Help where you can.', skillRefs: [{ kind: 43, slug: 'testing' }] }];
    const error = await refusal(call(AgentCommandController.method.create, drafts.agent('A', {}, { subAgents })));
    expect(error.message).toContain('spec.sub_agents[0].skill_refs[0]: Skill not found: testing');
  });

  it.each([53, 52])('take an environment under kind %i', async (kind) => {
    const fixture = await engineFixture();
    const agent = await createAgent(fixture);
    const environment = await fixture.call(EnvironmentCommandController.method.create, drafts.environment('prod'));
    const draft = drafts.agentInstance(agent.metadata!.id, {}, { environmentRefs: [environmentRef('prod', { kind })] });
    const instance = await fixture.call(AgentInstanceCommandController.method.create, draft);
    const row = await fixture.engine.row(agentInstanceKind, instance.metadata!.id);
    expect(row.references).toEqual([
      { field: 'spec.environment_refs[0]', kind: 'environment', id: environment.metadata!.id, required: true },
    ]);
    expect(row.parent).toBe(agent.metadata!.id);
  });

  it('do not reach into another organisation', async () => {
    const fixture = await engineFixture();
    const agent = await createAgent(fixture);
    await fixture.call(EnvironmentCommandController.method.create, drafts.environment('prod', {}, { org: 'umbrella' }));
    for (const org of ['umbrella', '']) {
      const draft = drafts.agentInstance(agent.metadata!.id, {}, { environmentRefs: [environmentRef('prod', { org })] });
      const error = await refusal(fixture.call(AgentInstanceCommandController.method.create, draft));
      expect(error.code).toBe(Code.INVALID_ARGUMENT);
      expect(error.message).toContain("spec.environment_refs[0]: Environment 'prod' belongs to organization 'umbrella'");
    }
  });

  it('of a wrong kind or without slug are refused with their place', async () => {
    const fixture = await engineFixture();
    const workflow = await fixture.call(WorkflowCommandController.method.create, drafts.workflow());
    const create = async (reference: object) =>
      refusal(
        fixture.call(
          WorkflowInstanceCommandController.method.create,
          drafts.workflowInstance(workflow.metadata!.id, {}, { envRefs: [reference as never] }),
        ),
      );
    expect((await create({ kind: 40, slug: 'prod' })).message).toBe(
      'spec.env_refs[0].kind: kind mismatch: expected environment, got agent',
    );
    expect((await create({ kind: 53 })).message).toBe('spec.env_refs[0].slug: slug is required in reference');
  });

  it('are checked once more at the commit', async () => {
    const fixture = await engineFixture();
    const { engine, call } = fixture;
    const agent = await createAgent(fixture);
    await call(EnvironmentCommandController.method.create, drafts.environment('prod'));
    const draft = drafts.agentInstance(agent.metadata!.id, {}, { environmentRefs: [environmentRef('prod')] });
    const plan = await engine.planCreate(agentInstanceKind, draft, alice);
    await call(AgentCommandController.method.delete, { value: agent.metadata!.id });
    expect((await refusal(engine.store.write(plan.ops))).code).toBe(Code.FAILED_PRECONDITION);
    const error = await refusal(engine.transact(() => engine.planCreate(agentInstanceKind, draft, alice)));
    expect(error.message).toBe(`Agent not found: ${agent.metadata!.id}`);
  });
});

describe('plans that refer to plans', () => {
  it('make agent, instance and session in one write', async () => {
    const { engine } = await engineFixture();
    const { ops, session } = await engine.transact(async () => {
      const agent = await engine.planCreate(agentKind, drafts.agent(), alice);
      const instance = await engine.planCreate(agentInstanceKind, drafts.agentInstance(agent.resource.metadata!.id), alice, {
        after: [agent],
      });
      const session = await engine.planCreate(sessionKind, drafts.session(instance.resource.metadata!.id), alice, {
        after: [agent, instance],
      });
      return { ops: [...agent.ops, ...instance.ops, ...session.ops], session };
    });
    expect(ops.filter(({ op }) => op === 'insert-resource')).toHaveLength(4);
    expect(await engine.get(sessionKind, session.resource.metadata!.id)).toEqual(session.resource);
  });
});
