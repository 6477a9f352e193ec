import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { type Metadata, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { AgentInstanceQueryController } from '../src/contract/gen/ai/stigmer/agentic/agentinstance/v1/query_pb.js';
import { AgentExecutionSchema } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { AgentExecutionQueryController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { SessionQueryController } from '../src/contract/gen/ai/stigmer/agentic/session/v1/query_pb.js';
import { WorkflowExecutionCommandController } from '../src/contract/gen/ai/stigmer/agentic/workflowexecution/v1/command_pb.js';
import { ApiResourceOwnerScope } from '../src/contract/gen/ai/stigmer/commons/apiresource/enum_pb.js';
import { RunnerService } from '../src/contract/gen/stigmer/runner/v1/runner_pb.js';
import { codeOf, errorOf, unary, until } from './support/rpc.js';
import { startTestServer, type TestServer } from './support/server.js';

const envelope = { apiVersion: 'agentic.stigmer.ai/v1', kind: 'AgentExecution', metadata: { name: 'run' } };
const { create: createMethod, updateStatus } = AgentExecutionCommandController.method;

async function countOf(server: TestServer): Promise<{ executions: number; sessions: number }> {
  const executions = await server.call(AgentExecutionQueryController.method.list, {});
  const sessions = await server.call(SessionQueryController.method.list, {});
  return { executions: executions.entries.length, sessions: sessions.entries.length };
}

describe('creating an agent execution', () => {
  it('makes a session, uses the default instance, and drops status and id that a client sends', async () => {
    const server = await startTestServer();
    const agent = await server.createAgent();
    const agentId = agent.metadata!.id;
    const [one, two] = await Promise.all(
      ['same name', 'same name'].map((name) =>
        server.call(createMethod, { ...envelope, metadata: { name, id: 'aex-mine' }, spec: { agentId, message: 'hi' }, status: { phase: 3, error: 'no' } }),
      ),
    );
    expect(one!.status).toMatchObject({ phase: 1, error: '' });
    expect(one!.metadata?.id).toMatch(/^aex-/);
    expect(one!.metadata?.id).not.toBe('aex-mine');
    expect(one!.spec?.sessionId).not.toBe(two!.spec?.sessionId);
    const { items } = await server.call(AgentInstanceQueryController.method.getByAgent, { agentId });
    expect(items).toHaveLength(1);
    const session = await server.call(SessionQueryController.method.get, { value: one!.spec!.sessionId });
    expect(session.spec?.agentInstanceId).toBe(items[0]!.metadata!.id);

    const third = await server.call(createMethod, { ...envelope, spec: { sessionId: one!.spec!.sessionId, message: 'more' } });
    const bySession = await server.call(AgentExecutionQueryController.method.listBySession, { sessionId: one!.spec!.sessionId });
    expect(bySession.entries.map(({ metadata }) => metadata?.id)).toEqual([third.metadata?.id, one!.metadata?.id]);
  });

  it('refuses bad input, names the field, and leaves nothing behind', async () => {
    const server = await startTestServer();
    const agent = await server.createAgent();
    const agentId = agent.metadata!.id;
    const refusals: [object, number, RegExp][] = [
      [{ ...envelope, spec: { message: 'hi' } }, status.INVALID_ARGUMENT, /either session_id or agent_id must be provided/],
      [{ ...envelope }, status.INVALID_ARGUMENT, /either session_id or agent_id must be provided/],
      [{ ...envelope, spec: { agentId, message: '' } }, status.INVALID_ARGUMENT, /spec\.message/],
      [{ ...envelope, kind: 'Agent', spec: { agentId, message: 'hi' } }, status.INVALID_ARGUMENT, /kind/],
      [{ ...envelope, metadata: undefined, spec: { agentId, message: 'hi' } }, status.INVALID_ARGUMENT, /metadata/],
      [{ ...envelope, metadata: {}, spec: { agentId, message: 'hi' } }, status.INVALID_ARGUMENT, /metadata\.name/],
      [{ ...envelope, metadata: { name: 'x', ownerScope: ApiResourceOwnerScope.organization }, spec: { agentId, message: 'hi' } }, status.INVALID_ARGUMENT, /owner_scope/],
      [{ ...envelope, metadata: { name: 'x', annotations: { 'stigmer.ai/nonsense': '1' } }, spec: { agentId, message: 'hi' } }, status.INVALID_ARGUMENT, /stigmer\.ai\/nonsense/],
      [{ ...envelope, spec: { agentId: 'agt-none', message: 'hi' } }, status.NOT_FOUND, /Agent not found: agt-none/],
      [{ ...envelope, spec: { sessionId: 'ses-none', message: 'hi' } }, status.NOT_FOUND, /Session not found: ses-none/],
      [{ ...envelope, spec: { agentId, message: 'x'.repeat(1024 * 1024 + 1) } }, status.RESOURCE_EXHAUSTED, /1048577.*1048576/],
      [{ ...envelope, spec: { agentId, message: 'hi', runtimeEnv: { KEY: { value: '' } } } }, status.INVALID_ARGUMENT, /runtime_env/],
    ];
    for (const [request, code, text] of refusals) {
      const error = await errorOf(server.call(createMethod, request));
      expect({ code: error.code, details: error.details }).toEqual({ code, details: expect.stringMatching(text) as string });
    }
    const error = await errorOf(server.call(createMethod, { ...envelope, spec: { agentId, message: 'x'.repeat(11 * 1024 * 1024) } }));
    expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(await countOf(server)).toEqual({ executions: 0, sessions: 0 });
    expect(server.temporal.started.size).toBe(0);
  });

  it('refuses bad input to the other methods', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    const { get, listBySession, list } = AgentExecutionQueryController.method;
    expect((await errorOf(server.call(updateStatus, { executionId: '', status: {} }))).details).toContain('execution_id is required');
    expect((await errorOf(server.call(updateStatus, { executionId: id }))).details).toContain('status is required');
    expect((await errorOf(server.call(updateStatus, { executionId: 'aex-none', status: { phase: 2 } }))).details).toContain('not found');
    expect((await errorOf(server.call(updateStatus, { executionId: id, status: { phase: 77 as never } }))).code).toBe(status.INVALID_ARGUMENT);
    expect((await errorOf(server.call(WorkflowExecutionCommandController.method.updateStatus, { executionId: id, status: { phase: 2 } }))).code).toBe(status.NOT_FOUND);
    expect((await errorOf(server.call(get, { value: 'aex-none' }))).details).toBe('AgentExecution not found: aex-none');
    expect((await errorOf(server.call(listBySession, {}))).details).toContain('session_id is required');
    expect((await errorOf(server.call(list, { pageToken: 'nonsense' }))).code).toBe(status.INVALID_ARGUMENT);
    expect((await errorOf(server.call(list, { phase: 9 as never }))).code).toBe(status.INVALID_ARGUMENT);
    expect((await server.call(get, { value: id })).status?.phase).toBe(1);
  });

  it('gives the same answer for the same idempotency key', async () => {
    const server = await startTestServer();
    const agentId = (await server.createAgent()).metadata!.id;
    const metadata = await server.as();
    metadata.set('idempotency-key', 'once');
    const request = { ...envelope, spec: { agentId, message: 'hi' } };
    const client = server.client();
    const [one, two] = await Promise.all([unary(client, createMethod, request, metadata), unary(client, createMethod, request, metadata)]);
    expect(two.metadata?.id).toBe(one.metadata?.id);
    expect((await countOf(server)).executions).toBe(1);
    expect(await codeOf(unary(client, createMethod, { ...envelope, spec: { agentId, message: 'other' } }, metadata))).toBe(status.INVALID_ARGUMENT);
  });
});

describe('when Temporal does not answer', () => {
  it('refuses a create with UNAVAILABLE, says why, and stores nothing', async () => {
    const server = await startTestServer();
    const agentId = (await server.createAgent()).metadata!.id;
    server.temporal.down = true;
    const request = { ...envelope, spec: { agentId, message: 'hi' } };
    for (let round = 0; round < 2; round += 1) {
      const error = await errorOf(server.call(createMethod, request));
      expect(error.code).toBe(status.UNAVAILABLE);
      expect(error.details).toMatch(/127\.0\.0\.1:1.*stigmer server start --only temporal/s);
    }
    expect(await countOf(server)).toEqual({ executions: 0, sessions: 0 });
    server.temporal.down = false;
    expect(await codeOf(server.call(createMethod, request))).toBe(status.OK);
  });

  it('leaves nothing behind when the start is refused after the execution was stored', async () => {
    const server = await startTestServer();
    const agentId = (await server.createAgent()).metadata!.id;
    await server.createExecution({ agentId });
    server.temporal.outcomes.push('refused');
    expect(await codeOf(server.call(createMethod, { ...envelope, spec: { agentId, message: 'hi' } }))).toBe(status.UNAVAILABLE);
    expect(await countOf(server)).toEqual({ executions: 1, sessions: 1 });
  });

  it('accepts an execution whose start has an unknown outcome, gives a notice, and starts it', async () => {
    const server = await startTestServer();
    server.temporal.outcomes.push('unknown', 'unknown');
    const id = (await server.createExecution()).metadata!.id;
    const watch = await server.watch(id);
    await until(() => watch.messages.some(({ item }) => item.case === 'notice' && item.value.code === 'TEMPORAL_SLOW'));
    await until(() => server.temporal.started.has(id));
    await until(() => watch.messages.some(({ item }) => item.case === 'notice' && item.value.cleared));
  });

  it('queues an execution that asks for it, and starts it when Temporal is back', async () => {
    const server = await startTestServer();
    const agentId = (await server.createAgent()).metadata!.id;
    server.temporal.down = true;
    const execution = await server.call(createMethod, { ...envelope, metadata: { name: 'later', annotations: { 'stigmer.ai/queue': 'true' } }, spec: { agentId, message: 'hi' } });
    const id = execution.metadata!.id;
    const watch = await server.watch(id);
    await until(() => watch.messages.some(({ item }) => item.case === 'notice' && item.value.code === 'TEMPORAL_DOWN'));
    server.temporal.down = false;
    await until(() => server.temporal.started.has(id));
  });
});

describe('secrets of a run', () => {
  const secret = 'sk-very-secret-value';
  const token = 'callback-token-of-an-activity';

  async function filesUnder(folder: string): Promise<Buffer[]> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return Promise.all(entries.filter((entry) => entry.isFile()).map((entry) => readFile(join(entry.parentPath, entry.name))));
  }

  it('are in no answer, stream, log, metric or file, nor at Temporal, and are claimed once for each attempt', async () => {
    const server = await startTestServer();
    const created = await server.createExecution({
      runtimeEnv: { API_KEY: { value: secret, isSecret: true }, REGION: { value: 'eu', isSecret: false } },
      callbackToken: Buffer.from(token),
    });
    const id = created.metadata!.id;
    expect(created.spec?.runtimeEnv).toMatchObject({ API_KEY: { value: '***' }, REGION: { value: 'eu' } });
    const watch = await server.watch(id);
    await watch.next();

    const { leaseId } = await (await server.hello()).lease();
    const { claim } = RunnerService.method;
    const claimed = await server.call(claim, { executionId: id, attempt: 1, leaseId }, 'agent-runner-1');
    expect(claimed).toMatchObject({ runtimeEnv: { API_KEY: secret, REGION: 'eu' }, secretNames: ['API_KEY'] });
    expect(await codeOf(server.call(claim, { executionId: id, attempt: 1, leaseId }, 'agent-runner-1'))).toBe(status.FAILED_PRECONDITION);
    expect(await server.call(claim, { executionId: id, attempt: 2, leaseId }, 'agent-runner-1')).toMatchObject({ runtimeEnv: { API_KEY: secret } });

    await server.call(updateStatus, { executionId: id, status: { phase: 3 } });
    await watch.ended;
    await until(() => server.temporal.completed.length === 1);
    expect(server.temporal.completed[0]?.token).toBe(token);
    expect(await codeOf(server.call(claim, { executionId: id, attempt: 3, leaseId }, 'agent-runner-1'))).toBe(status.FAILED_PRECONDITION);

    const shown = [
      JSON.stringify(await server.call(AgentExecutionQueryController.method.get, { value: id }), replaceBigints),
      JSON.stringify(await server.call(AgentExecutionQueryController.method.list, {}), replaceBigints),
      JSON.stringify(watch.messages, replaceBigints),
      JSON.stringify([...server.temporal.started.values()], replaceBigints),
      server.logLines.join(''),
      await (await fetch(`${server.httpUrl}/metrics`)).text(),
    ];
    await server.stop();
    for (const text of shown) for (const value of [secret, token, Buffer.from(token).toString('base64')]) expect(text).not.toContain(value);
    for (const file of await filesUnder(server.stateDir)) for (const value of [secret, token]) expect(file.includes(value)).toBe(false);
  });

  function replaceBigints(_key: string, value: unknown): unknown {
    return typeof value === 'bigint' ? String(value) : value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value;
  }

  it('fail the activity that waits when the run fails', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution({ callbackToken: Buffer.from(token) })).metadata!.id;
    await server.call(updateStatus, { executionId: id, status: { phase: 4, error: 'the model is gone' } });
    await until(() => server.temporal.failed.length === 1);
    expect(server.temporal.failed[0]).toEqual({ token, message: 'the model is gone' });
  });
});

describe('lists', () => {
  it('page through all executions, newest first, with the true number of pages', async () => {
    const server = await startTestServer();
    const agentId = (await server.createAgent()).metadata!.id;
    const ids: string[] = [];
    for (let n = 0; n < 7; n += 1) ids.unshift((await server.createExecution({ agentId })).metadata!.id);
    await server.call(updateStatus, { executionId: ids[0]!, status: { phase: 3 } });
    const { list } = AgentExecutionQueryController.method;
    const seen: (string | undefined)[] = [];
    let pageToken = '';
    do {
      let next = '';
      const page = await unary(server.client(), list, { pageSize: 3, pageToken }, await server.as(), (headers: Metadata) => {
        next = String(headers.get('stigmer-next-page-token')[0] ?? '');
      });
      expect(page.totalPages).toBe(3);
      seen.push(...page.entries.map(({ metadata }) => metadata?.id));
      pageToken = next;
    } while (pageToken !== '');
    expect(seen).toEqual(ids);
    expect((await server.call(list, { phase: 3 })).entries.map(({ metadata }) => metadata?.id)).toEqual([ids[0]]);
  });

  it('keep to the size that clients read', async () => {
    const server = await startTestServer();
    const agentId = (await server.createAgent()).metadata!.id;
    for (let n = 0; n < 5; n += 1) {
      const { metadata } = await server.createExecution({ agentId });
      await server.call(updateStatus, { executionId: metadata!.id, status: { messages: [{ type: 2, content: 'x'.repeat(1_000_000) }] } });
    }
    const page = await server.call(AgentExecutionQueryController.method.list, {});
    expect(page.entries.length).toBeGreaterThan(0);
    expect(page.entries.length).toBeLessThan(5);
    expect(page.totalPages).toBe(1);
  });
});

describe('an update by its user', () => {
  it('replaces spec and metadata, keeps what is fixed, and shows itself to watchers', async () => {
    const server = await startTestServer();
    const before = await server.createExecution({ runtimeEnv: { KEY: { value: 'secret-1', isSecret: true } } });
    const id = before.metadata!.id;
    const watch = await server.watch(id);
    await watch.next();
    const draft = create(AgentExecutionSchema, { ...envelope, metadata: { ...before.metadata!, slug: 'another', tags: ['x'] }, spec: { ...before.spec!, message: 'changed' } });
    const after = await server.call(AgentExecutionCommandController.method.update, draft);
    expect(after).toMatchObject({ metadata: { slug: before.metadata!.slug, tags: ['x'] }, spec: { message: 'changed', sessionId: before.spec!.sessionId }, status: { phase: 1 } });
    expect((await watch.next()).item).toMatchObject({ case: 'snapshot', value: { execution: { value: { spec: { message: 'changed' } } } } });
    const { leaseId } = await (await server.hello()).lease();
    const claimed = await server.call(RunnerService.method.claim, { executionId: id, attempt: 1, leaseId }, 'agent-runner-1');
    expect(claimed.runtimeEnv).toEqual({ KEY: 'secret-1' });
    const answered = await server.call(updateStatus, { executionId: id, status: { phase: 2 } });
    expect(answered.spec?.message).toBe('changed');
  });
});

describe('deleting an execution', () => {
  it('cancels a running one, tells its watchers, and answers its last state', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    await server.call(updateStatus, { executionId: id, status: { phase: 2 } });
    const watch = await server.watch(id);
    await watch.next();
    const last = await server.call(AgentExecutionCommandController.method.delete, { value: id });
    expect(last.status?.phase).toBe(2);
    expect(await watch.ended).toMatchObject({ code: status.OK });
    expect(watch.messages.at(-1)?.item).toMatchObject({ case: 'end', value: { deleted: true } });
    await until(() => server.temporal.cancelled.includes(id));
    expect(await codeOf(server.call(AgentExecutionQueryController.method.get, { value: id }))).toBe(status.NOT_FOUND);
    expect(await codeOf(server.call(updateStatus, { executionId: id, status: { phase: 3 } }))).toBe(status.NOT_FOUND);
  });
});

describe('large tool results', () => {
  it('are kept whole as artifacts, with as much as fits in the state', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    const result = 'r'.repeat(400_000);
    const answered = await server.call(updateStatus, { executionId: id, status: { toolCalls: [{ id: 'call-1', name: 'read', result, status: 3 }] } });
    const [call] = answered.status!.toolCalls;
    expect(call!.result.length).toBeLessThanOrEqual(256 * 1024);
    const key = /artifact (\S+)$/.exec(call!.result)?.[1];
    expect(await readFile(join(server.stateDir, 'artifacts', key!), 'utf8')).toBe(result);
  });

  it('do not help a state that is over its limit: the update is refused with both numbers', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    const error = await errorOf(server.call(updateStatus, { executionId: id, status: { messages: [{ type: 2, content: 'x'.repeat(4_000_000) }] } }));
    expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(error.details).toMatch(/40000\d\d.*3670016/);
    expect((await server.call(updateStatus, { executionId: id, status: { phase: 4, error: 'too long' } })).status?.phase).toBe(4);
  });
});
