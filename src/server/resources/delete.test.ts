import { describe, expect, it } from 'vitest';
import { refusal } from '../../../test/support/refusal.js';
import { drafts, environmentRef } from '../../../test/support/resource-drafts.js';
import { alice, type EngineFixture, engineFixture } from '../../../test/support/resource-engine.js';
import { insertExecution } from '../../../test/support/temp-store.js';
import { Code } from '../../contract/errors.js';
import { AgentCommandController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { AgentQueryController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { AgentInstanceCommandController } from '../../contract/gen/ai/stigmer/agentic/agentinstance/v1/command_pb.js';
import { EnvironmentCommandController } from '../../contract/gen/ai/stigmer/agentic/environment/v1/command_pb.js';
import { ExecutionContextCommandController } from '../../contract/gen/ai/stigmer/agentic/executioncontext/v1/command_pb.js';
import { SessionCommandController } from '../../contract/gen/ai/stigmer/agentic/session/v1/command_pb.js';
import { Change_Action, ResourceQuery } from '../../contract/gen/stigmer/resource/v1/resource_pb.js';
import { agentKind } from './kinds/agent.js';

const { method: agents } = AgentCommandController;

async function agentWithSessions(fixture: EngineFixture, sessions: number) {
  const agent = await fixture.call(agents.create, drafts.agent());
  const [agentId, instanceId] = [agent.metadata!.id, agent.status!.defaultInstanceId];
  const ids: string[] = [];
  for (let index = 0; index < sessions; index++) {
    ids.push(
      (await fixture.call(SessionCommandController.method.create, drafts.session(instanceId, { name: `Session ${index}` }))).metadata!.id,
    );
  }
  return { agent, agentId, instanceId, sessionIds: ids };
}

const count = async ({ call }: EngineFixture, kind: number): Promise<number> => (await call(ResourceQuery.method.list, { kind })).total;

describe('delete', () => {
  it('answers with what it deleted', async () => {
    const { call, answer } = await engineFixture();
    const created = await call(agents.create, drafts.agent());
    const { message, headers } = await answer(agents.delete, { value: created.metadata!.id });
    expect(message).toEqual(created);
    expect(headers['stigmer-outcome']).toBe('deleted');
    const error = await refusal(call(AgentQueryController.method.get, { value: created.metadata!.id }));
    expect([error.code, error.message]).toEqual([Code.NOT_FOUND, `Agent not found: ${created.metadata!.id}`]);
    expect((await refusal(call(agents.delete, { value: created.metadata!.id }))).code).toBe(Code.NOT_FOUND);
  });

  it('takes instances, sessions and executions along and says how many', async () => {
    const fixture = await engineFixture();
    const { agentId, instanceId, sessionIds } = await agentWithSessions(fixture, 3);
    const execution = { sessionId: sessionIds[0]!, instanceId, ownerId: agentId };
    await fixture.store.write([
      insertExecution({ id: 'aex-1', ...execution }),
      insertExecution({ id: 'aex-2', ...execution, sessionId: sessionIds[2]! }),
    ]);
    const { headers } = await fixture.answer(agents.delete, { value: agentId });
    expect(headers['stigmer-cascade']).toBe('agent_instance=1,session=3,agent_execution=2');
    expect(fixture.deletedExecutions.toSorted()).toEqual(['aex-1', 'aex-2']);
    expect([await count(fixture, 40), await count(fixture, 45), await count(fixture, 42)]).toEqual([0, 0, 0]);
  });

  it('leaves everything when something outside needs a part of it', async () => {
    const fixture = await engineFixture();
    const { call } = fixture;
    const { agentId } = await agentWithSessions(fixture, 1);
    const environment = await call(EnvironmentCommandController.method.create, drafts.environment('prod'));
    const draft = drafts.agentInstance(agentId, { name: 'With prod' }, { environmentRefs: [environmentRef('prod')] });
    const instance = await call(AgentInstanceCommandController.method.create, draft);
    const error = await refusal(call(EnvironmentCommandController.method.delete, { resourceId: environment.metadata!.id }));
    expect([error.code, error.reason]).toEqual([Code.FAILED_PRECONDITION, 'STILL_REFERENCED']);
    expect(error.message).toContain(`agent_instance 'with-prod' (${instance.metadata!.id}, spec.environment_refs[0])`);
    expect(await count(fixture, 53)).toBe(1);

    await call(EnvironmentCommandController.method.delete, { resourceId: environment.metadata!.id, force: true });
    expect(await count(fixture, 53)).toBe(0);
    await call(agents.delete, { value: agentId });
    expect(await count(fixture, 45)).toBe(0);
  });

  it('lets an agent of the same name be created again', async () => {
    const fixture = await engineFixture();
    const first = await fixture.call(agents.create, drafts.agent());
    await fixture.call(agents.delete, { value: first.metadata!.id });
    const second = await fixture.call(agents.create, drafts.agent());
    expect(second.metadata?.slug).toBe('reviewer');
    expect(second.status?.defaultInstanceId).not.toBe(first.status?.defaultInstanceId);
  });

  it('takes the execution contexts of an execution along', async () => {
    const { call, engine, store } = await engineFixture();
    const context = await call(
      ExecutionContextCommandController.method.create,
      drafts.executionContext('aex-1', { K: { value: 'v', isSecret: true } }),
    );
    await store.write(await engine.planChildrenDelete('aex-1', alice));
    expect(await store.resources.get('execution_context', context.metadata!.id)).toBeUndefined();
    expect(await store.secrets.open(context.metadata!.id)).toEqual({});
  });

  it('leaves no orphan when a session is created at the same time', async () => {
    for (let round = 0; round < 5; round++) {
      const fixture = await engineFixture();
      const { agentId, instanceId } = await agentWithSessions(fixture, 1);
      const creations = Array.from({ length: 10 }, (_, index) =>
        fixture.call(SessionCommandController.method.create, drafts.session(instanceId, { name: `Late ${index}` })).then(
          () => 'created',
          (error: Error) => error.message,
        ),
      );
      await fixture.call(agents.delete, { value: agentId });
      for (const outcome of await Promise.all(creations)) expect(['created', `AgentInstance not found: ${instanceId}`]).toContain(outcome);
      expect(await count(fixture, 42)).toBe(0);
    }
  });

  it('sees an execution that came after the plan was made', async () => {
    const fixture = await engineFixture();
    const { agentId, instanceId, sessionIds } = await agentWithSessions(fixture, 1);
    const plan = await fixture.engine.planDelete(agentKind, agentId, alice);
    await fixture.store.write([insertExecution({ id: 'aex-1', sessionId: sessionIds[0]!, instanceId, ownerId: agentId })]);
    expect((await refusal(fixture.store.write(plan.ops))).code).toBe(Code.ABORTED);
    await fixture.engine.delete(agentKind, agentId, alice);
    expect(fixture.deletedExecutions).toEqual(['aex-1']);
  });

  it('is written down in the log of changes, each resource of it', async () => {
    const fixture = await engineFixture();
    const { agentId } = await agentWithSessions(fixture, 1);
    await fixture.call(agents.delete, { value: agentId }, { caller: { kind: 'user', name: 'bob' } });
    const { changes } = await fixture.call(ResourceQuery.method.listChanges, { resourceId: agentId });
    expect(changes.map(({ action, actor }) => [action, actor])).toEqual([
      [3, 'bob'],
      [1, 'alice'],
    ]);
    const all = await fixture.call(ResourceQuery.method.listChanges, {});
    expect(all.changes.filter(({ action }) => action === Change_Action.DELETED).map(({ kind }) => kind)).toEqual([40, 45, 42]);
  });
});
