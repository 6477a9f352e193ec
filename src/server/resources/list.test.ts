import { describe, expect, it } from 'vitest';
import { refusal } from '../../../test/support/refusal.js';
import { drafts } from '../../../test/support/resource-drafts.js';
import { type EngineFixture, engineFixture } from '../../../test/support/resource-engine.js';
import { Code } from '../../contract/errors.js';
import { AgentCommandController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { AgentInstanceCommandController } from '../../contract/gen/ai/stigmer/agentic/agentinstance/v1/command_pb.js';
import { AgentInstanceQueryController } from '../../contract/gen/ai/stigmer/agentic/agentinstance/v1/query_pb.js';
import { SessionCommandController } from '../../contract/gen/ai/stigmer/agentic/session/v1/command_pb.js';
import { SessionQueryController } from '../../contract/gen/ai/stigmer/agentic/session/v1/query_pb.js';
import { WorkflowCommandController } from '../../contract/gen/ai/stigmer/agentic/workflow/v1/command_pb.js';
import { WorkflowInstanceCommandController } from '../../contract/gen/ai/stigmer/agentic/workflowinstance/v1/command_pb.js';
import { WorkflowInstanceQueryController } from '../../contract/gen/ai/stigmer/agentic/workflowinstance/v1/query_pb.js';
import { ResourceQuery } from '../../contract/gen/stigmer/resource/v1/resource_pb.js';

const NEXT = 'stigmer-next-page-token';
const { list, listByAgent } = SessionQueryController.method;
const sessions = SessionCommandController.method;

async function withSessions(count: number) {
  const fixture = await engineFixture();
  const agent = await fixture.call(AgentCommandController.method.create, drafts.agent());
  const instanceId = agent.status!.defaultInstanceId;
  const ids: string[] = [];
  for (let index = 0; index < count; index++) ids.push(await addSession(fixture, instanceId, index));
  return { ...fixture, agentId: agent.metadata!.id, instanceId, ids };
}

async function addSession({ call }: EngineFixture, instanceId: string, index: number): Promise<string> {
  const tags = index % 2 === 0 ? ['even'] : [];
  return (await call(sessions.create, drafts.session(instanceId, { name: `Session ${index}`, tags }))).metadata!.id;
}

describe('session lists', () => {
  it('give every session once, page by page, with the number of pages', async () => {
    const { answer, ids } = await withSessions(7);
    const seen: string[] = [];
    let pageToken = '';
    for (const [size, last] of [
      [3, false],
      [3, false],
      [1, true],
    ] as const) {
      const { message, headers } = await answer(list, { pageSize: 3, pageToken });
      expect(message.entries).toHaveLength(size);
      expect(message.totalPages).toBe(3);
      seen.push(...message.entries.map(({ metadata }) => metadata!.id));
      expect(NEXT in headers).toBe(!last);
      pageToken = headers[NEXT] ?? '';
    }
    expect(seen).toEqual(ids);
  });

  it('go on at the right place when sessions come and go between the pages', async () => {
    const fixture = await withSessions(6);
    const { answer, call, ids, instanceId } = fixture;
    const first = await answer(list, { pageSize: 3 });
    await call(sessions.delete, { value: ids[1]! });
    await call(sessions.delete, { value: ids[2]! });
    await call(sessions.delete, { value: ids[3]! });
    const added = await addSession(fixture, instanceId, 99);
    const second = await answer(list, { pageSize: 3, pageToken: first.headers[NEXT]! });
    expect(second.message.entries.map(({ metadata }) => metadata!.id)).toEqual([ids[4], ids[5], added]);
  });

  it('filter by tags', async () => {
    const { call, ids } = await withSessions(5);
    const { entries, totalPages } = await call(list, { tags: ['even'] });
    expect(entries.map(({ metadata }) => metadata!.id)).toEqual([ids[0], ids[2], ids[4]]);
    expect(totalPages).toBe(1);
    expect((await call(list, { tags: ['even', 'odd'] })).entries).toEqual([]);
  });

  it('list by agent, over all of its instances, and by instance', async () => {
    const fixture = await withSessions(2);
    const { call, answer, agentId, ids } = fixture;
    const other = await call(AgentInstanceCommandController.method.create, drafts.agentInstance(agentId));
    const third = await addSession(fixture, other.metadata!.id, 50);
    await call(AgentCommandController.method.create, drafts.agent('Stranger'));
    expect((await call(listByAgent, { agentId })).entries.map(({ metadata }) => metadata!.id)).toEqual([...ids, third]);
    expect((await call(listByAgent, { agentId: other.metadata!.id })).entries.map(({ metadata }) => metadata!.id)).toEqual([third]);
    const page = await answer(listByAgent, { agentId, pageSize: 2 });
    expect(page.message.totalPages).toBe(2);
    const rest = await call(listByAgent, { agentId, pageSize: 2, pageToken: page.headers[NEXT]! });
    expect(rest.entries.map(({ metadata }) => metadata!.id)).toEqual([third]);
    expect((await call(listByAgent, { agentId: 'agt-none' })).entries).toEqual([]);
  });

  it('refuse what is no page', async () => {
    const { call, answer } = await withSessions(3);
    const token = (await answer(list, { pageSize: 1 })).headers[NEXT]!;
    for (const pageToken of ['nonsense', '%%%', `${token}x`, Buffer.from('x:y').toString('base64url')]) {
      const error = await refusal(call(list, { pageToken }));
      expect([error.code, error.violations[0]?.field]).toEqual([Code.INVALID_ARGUMENT, 'page_token']);
    }
    expect((await refusal(call(list, { pageToken: token, tags: ['even'] }))).message).toContain(
      'is not a page token of this list with these conditions',
    );
    expect((await refusal(call(list, { pageSize: -1 }))).message).toContain('page_size: must not be negative');
    const tooLarge = await refusal(call(list, { pageSize: 1001 }));
    expect(tooLarge.code).toBe(Code.RESOURCE_EXHAUSTED);
    expect(tooLarge.message).toContain('1001');
    expect(tooLarge.message).toContain('1000');
  });

  it('keep a page below the size that clients can read', async () => {
    const { answer, call, instanceId } = await withSessions(0);
    for (let index = 0; index < 4; index++) {
      await call(sessions.create, drafts.session(instanceId, { name: `Large ${index}` }, { subject: 'x'.repeat(1_200_000) }));
    }
    const first = await answer(list, {});
    expect(first.message.entries).toHaveLength(2);
    const second = await answer(list, { pageToken: first.headers[NEXT]! });
    expect(second.message.entries).toHaveLength(2);
    expect(second.headers).not.toHaveProperty(NEXT);
  });
});

describe('instance lists', () => {
  it('count pages from 1 and tell how many there are', async () => {
    const { call, agentId } = await withSessions(0);
    for (let index = 0; index < 4; index++)
      await call(AgentInstanceCommandController.method.create, drafts.agentInstance(agentId, { name: `I${index}` }));
    const names = async (pageInfo?: { num: number; size: number }) => {
      const { items, totalCount } = await call(AgentInstanceQueryController.method.getByAgent, { agentId, ...(pageInfo && { pageInfo }) });
      expect(totalCount).toBe(5);
      return items.map(({ metadata }) => metadata!.name);
    };
    expect(await names()).toHaveLength(5);
    expect(await names({ num: 1, size: 2 })).toEqual(['Reviewer-default', 'I0']);
    expect(await names({ num: 0, size: 2 })).toEqual(['Reviewer-default', 'I0']);
    expect(await names({ num: 3, size: 2 })).toEqual(['I3']);
    expect(await names({ num: 4, size: 2 })).toEqual([]);
  });

  it('tell the number of pages of a workflow', async () => {
    const { call } = await engineFixture();
    const workflow = await call(WorkflowCommandController.method.create, drafts.workflow());
    const workflowId = workflow.metadata!.id;
    await call(WorkflowInstanceCommandController.method.create, drafts.workflowInstance(workflowId));
    const page = await call(WorkflowInstanceQueryController.method.getByWorkflow, { workflowId, pageInfo: { num: 2, size: 1 } });
    expect([page.totalPages, page.entries.map(({ metadata }) => metadata!.name)]).toEqual([2, ['Instance']]);
  });
});

describe('ResourceQuery', () => {
  it('lists any kind by organisation, labels and tags, with secrets hidden', async () => {
    const { call } = await engineFixture();
    const create = async (name: string, metadata: object) => call(AgentCommandController.method.create, drafts.agent(name, metadata));
    await create('A', { labels: { team: 'core', tier: '1' } });
    await create('B', { labels: { team: 'core' }, tags: ['new'] });
    await create('C', { org: 'umbrella', labels: { team: 'core' } });
    const names = async (filter: object) =>
      (await call(ResourceQuery.method.list, { kind: 40, ...filter })).resources.map(({ resource }) => resource.value?.metadata?.name);
    expect(await names({})).toEqual(['A', 'B', 'C']);
    expect(await names({ org: 'acme', labels: { team: 'core' } })).toEqual(['A', 'B']);
    expect(await names({ labels: { team: 'core', tier: '1' } })).toEqual(['A']);
    expect(await names({ tags: ['new'] })).toEqual(['B']);
    expect((await call(ResourceQuery.method.list, { kind: 45 })).resources[0]?.resource.case).toBe('agentInstance');
  });

  it('pages, and refuses kinds that it does not list', async () => {
    const { call } = await engineFixture();
    for (const name of ['A', 'B', 'C']) await call(AgentCommandController.method.create, drafts.agent(name));
    const first = await call(ResourceQuery.method.list, { kind: 40, pageSize: 2 });
    expect([first.total, first.resources.length]).toEqual([3, 2]);
    const second = await call(ResourceQuery.method.list, { kind: 40, pageSize: 2, pageToken: first.nextPageToken });
    expect([second.nextPageToken, second.resources.length]).toEqual(['', 1]);
    for (const kind of [0, 1, 41, 999])
      expect((await refusal(call(ResourceQuery.method.list, { kind }))).violations[0]?.field).toBe('kind');
  });

  it('pages through the log of changes', async () => {
    const { call } = await engineFixture();
    await call(AgentCommandController.method.create, drafts.agent('A'));
    const first = await call(ResourceQuery.method.listChanges, { pageSize: 1 });
    expect([first.total, first.changes[0]?.kind]).toEqual([2, 45]);
    const second = await call(ResourceQuery.method.listChanges, { pageSize: 1, pageToken: first.nextPageToken });
    expect([second.nextPageToken, second.changes[0]?.kind]).toEqual(['', 40]);
    expect((await call(ResourceQuery.method.listChanges, { kind: 40 })).total).toBe(1);
  });
});
