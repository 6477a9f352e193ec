import { request } from 'node:http';
import { type Client, credentials, loadPackageDefinition, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath } from 'grpc-health-check';
import { describe, expect, it } from 'vitest';
import { AgentExecutionCommandController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { startTestServer, type TestServer } from './support/server.js';

const { updateStatus } = AgentExecutionCommandController.method;

interface SentEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

async function events(server: TestServer, id: string, headers: Record<string, string> = {}): Promise<SentEvent[]> {
  const response = await fetch(`${server.httpUrl}/v1/executions/${id}/events`, { headers: { authorization: `Bearer ${await server.token()}`, ...headers } });
  expect(response.status).toBe(200);
  const text = await response.text();
  return text
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]));
      return { ...(fields['id'] === undefined ? {} : { id: fields['id'] }), event: fields['event']!, data: JSON.parse(fields['data']!) as Record<string, unknown> };
    });
}

function statusOf(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe('the HTTP side', () => {
  it('says that it is alive, what is missing, and what it measures', async () => {
    const server = await startTestServer();
    expect((await fetch(`${server.httpUrl}/healthz`)).status).toBe(200);
    const before = await fetch(`${server.httpUrl}/readyz`);
    expect(before.status).toBe(503);
    const { missing } = (await before.json()) as { missing: { component: string; detail: string }[] };
    expect(missing.map(({ component }) => component)).toEqual(['worker', 'agent-runner']);
    expect(missing[1]?.detail).toContain('stigmer server start --only agent-runner');
    await (await server.hello('worker', { component: 'worker', taskQueues: ['agent_execution_stigmer'] })).lease();
    await (await server.hello()).lease();
    expect(await (await fetch(`${server.httpUrl}/readyz`)).json()).toMatchObject({ ready: true, missing: [] });
    await server.createExecution();
    const metrics = await (await fetch(`${server.httpUrl}/metrics`)).text();
    expect(metrics).toContain('stigmer_leases{component="agent-runner"} 1');
    expect(metrics).toContain('stigmer_log_appends_total 1');
    expect(metrics).toMatch(/stigmer_rpc_total\{method="ai\.stigmer\.agentic\.agentexecution\.v1\.AgentExecutionCommandController\/create",code="OK"\} 1/);
    expect(metrics).toContain('stigmer_nodejs_eventloop_lag_p99_seconds');
  });

  it('refuses other names, pages of others, and whoever has no token', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    const url = `${server.httpUrl}/v1/executions/${id}/events`;
    const authorization = `Bearer ${await server.token()}`;
    expect(await statusOf(`${server.httpUrl}/healthz`, { host: 'evil.example' })).toBe(403);
    expect(await statusOf(url, { authorization, origin: 'https://evil.example' })).toBe(403);
    expect(await statusOf(url, { authorization, origin: 'null' })).toBe(403);
    expect(await statusOf(url, {})).toBe(401);
    expect(await statusOf(url, { authorization: 'Bearer nobody' })).toBe(401);
    expect(await statusOf(url, { authorization: `Bearer ${await server.token('agent-runner-1')}` })).toBe(403);
    expect(await statusOf(`${server.httpUrl}/v1/executions/aex-none/events`, { authorization })).toBe(404);
    expect(await statusOf(url, { authorization, 'last-event-id': 'nonsense' })).toBe(400);
    expect(await statusOf(`${server.httpUrl}/nowhere`, {})).toBe(404);
  });

  it('sends an execution as events, and goes on after Last-Event-ID', async () => {
    const server = await startTestServer();
    const id = (await server.createExecution()).metadata!.id;
    const reading = events(server, id);
    await server.call(updateStatus, { executionId: id, status: { phase: 2, messages: [{ type: 2, content: 'line one\nline two' }] } });
    await server.call(updateStatus, { executionId: id, status: { phase: 3 } });
    const all = await reading;
    expect(all[0]?.event).toBe('snapshot');
    expect(all.at(-1)).toMatchObject({ event: 'end', data: { end: { phase: 3 } } });
    const logId = all[0]!.id!.split(':')[0]!;
    const resumed = await events(server, id, { 'last-event-id': `${logId}:1` });
    expect(resumed.map(({ event }) => event)).not.toContain('snapshot');
    expect(JSON.stringify(resumed)).toContain(JSON.stringify('line one\nline two'));
    expect(resumed.at(-1)?.id).toBe(all.at(-1)?.id);
    expect((await events(server, id, { 'last-event-id': 'another-log:3' }))[0]).toMatchObject({ event: 'snapshot', data: { snapshot: { resync: true } } });
  });
});

describe('gRPC’s own services', () => {
  it('answers health checks for itself and for each service', async () => {
    const server = await startTestServer();
    const client = new (loadHealth())(server.endpoint, credentials.createInsecure());
    const check = (service: string) =>
      new Promise((resolve, reject) => client['check']!({ service }, (error: Error | null, answer: { status: string }) => (error === null ? resolve(answer.status) : reject(error))));
    expect(await check('')).toBe('SERVING');
    expect(await check('ai.stigmer.agentic.agentexecution.v1.AgentExecutionQueryController')).toBe('SERVING');
    client.close();
  });

  it('reflects the contract only when it is told to', async () => {
    // list_services: ''
    const request = Buffer.from([0x3a, 0x00]);
    const list = (server: TestServer) =>
      new Promise<number | string>((resolve) => {
        const same = (bytes: Buffer): Buffer => bytes;
        const call = server.client().makeBidiStreamRequest('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', same, same);
        call.on('data', (bytes: Buffer) => resolve(bytes.toString('latin1')));
        call.on('error', (error: Error & { code: number }) => resolve(error.code));
        call.end(request);
      });
    expect(await list(await startTestServer())).toBe(status.UNIMPLEMENTED);
    expect(await list(await startTestServer({ env: { STIGMER_REFLECTION: '1' } }))).toContain('stigmer.stream.v1.ExecutionStream');
  });
});

function loadHealth(): new (address: string, creds: ReturnType<typeof credentials.createInsecure>) => Client & Record<string, Function> {
  const definition = loadPackageDefinition(loadSync(protoPath, { enums: String })) as unknown as { grpc: { health: { v1: { Health: never } } } };
  return definition.grpc.health.v1.Health;
}
