import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Connection, WorkflowClient } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AgentExecutionQueryController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { Phase } from '../src/contract/phases.js';
import { workflowId } from '../src/workflows/names.js';
import { until } from './support/rpc.js';
import { startWholeSystem, type WholeSystem } from './support/whole-system.js';

const GUARD_MS = 90_000;
const secret = 'sk-4nd-th1s-1s-4-s3cr3t-0f-th3-run';
const bySystemCall = 'sk-an0ther-secret-g1ven-by-rpc';
const callbackToken = 'callb4ck-t0ken-of-an-activity-that-waits';
const keyOfProvider = 'the-k3y-of-the-provider';

let system: WholeSystem;

beforeAll(async () => {
  system = await startWholeSystem({
    env: { STIGMER_LLM_API_KEY: keyOfProvider, LOG_LEVEL: 'trace' },
    script: {
      rules: [
        // The model has got hold of it all, and gives it away wherever it can.
        { when: { message: 'tell', after_tool: false }, say: `It is ${secret}.`, call: { tool: 'ls', args: { path: `/${secret}` } }, token_ms: 5 },
        { when: { message: 'tell' }, say: `So, ${secret} it is, or ${bySystemCall}.`, token_ms: 5 },
      ],
    },
  });
}, 400_000);

afterAll(() => system?.stop(), GUARD_MS);

/** Every file of the home but those that hold secrets by their nature, with its path. */
async function filesOfHome(): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(system.home, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && entry.parentPath !== join(system.home, 'state', 'tokens')) files.set(path, await readFile(path));
  }
  return files;
}

/** The command lines of all processes of this machine. */
async function commandLines(): Promise<string[]> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  // One may end while it is looked at.
  return Promise.all(processes.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
}

async function historyOf(id: string): Promise<Buffer> {
  const connection = await Connection.connect({ address: system.temporalAddress });
  try {
    const { execution } = await new WorkflowClient({ connection }).getHandle(workflowId('agent_execution', id)).describe().then(({ raw }) => ({ execution: raw.workflowExecutionInfo?.execution ?? {} }));
    const answer = await connection.workflowService.getWorkflowExecutionHistory({ namespace: 'default', execution });
    expect(answer.history?.events?.length).toBeGreaterThan(5);
    return Buffer.from(JSON.stringify(answer.history, (_key, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value)));
  } finally {
    await connection.close();
  }
}

const asJson = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part instanceof Uint8Array ? Buffer.from(part).toString('latin1') : part));

it('leaves no secret and no token in files, logs, metrics, command lines, streams or the history at Temporal', { timeout: 4 * GUARD_MS }, async () => {
  const agent = await system.createAgent();
  const created = await system.create({
    agentId: agent.id,
    message: 'tell me',
    runtimeEnv: { API_KEY: { value: bySystemCall, isSecret: true }, TOLD: { value: secret, isSecret: true } },
    callbackToken: Buffer.from(callbackToken),
  });
  const id = created.metadata!.id;
  const [witness, subscriber] = [system.watch(id), system.subscribe(id)];
  const events = fetch(`${system.httpUrl}/v1/executions/${id}/events`, { headers: { authorization: `Bearer ${system.token('user')}` } }).then((response) => response.text());
  const run = system.cli(['run', agent.name, '--message', 'tell me', '--runtime-env', 'secret:API_KEY', '--runtime-env', 'secret:TOLD'], { API_KEY: bySystemCall, TOLD: secret });
  const lines = new Set<string>();
  await until(async () => {
    for (const line of await commandLines()) lines.add(line);
    return witness.end !== undefined && run.process.exitCode !== null;
  }, GUARD_MS);
  await Promise.all([witness.ended, subscriber.ended, run.code]);
  expect(witness.end).toMatchObject({ phase: Phase.COMPLETED });
  expect([...witness.faults, ...subscriber.faults]).toEqual([]);
  // It was there, and was masked: this is no test of a secret that never came.
  expect(witness.texts).toEqual(['It is ***.', 'So, *** it is, or ***.']);
  expect(run.output).toContain('So, *** it is, or ***.');
  expect(await events).toMatch(/event: end/);

  const byCli = (await system.client.unary(AgentExecutionQueryController.method.list, { pageSize: 10 })).entries.map(({ metadata }) => metadata!.id).find((other) => other !== id)!;
  await until(async () => (await system.client.unary(AgentExecutionQueryController.method.get, { value: byCli })).status?.phase === Phase.COMPLETED, GUARD_MS);
  const shown = new Map<string, Buffer>([
    ...(await filesOfHome()),
    ['the answer to create', Buffer.from(asJson(created))],
    ['Get', Buffer.from(asJson(await system.get(id)))],
    ['Watch', Buffer.from(asJson([witness.snapshots, witness.deltas, witness.notices, witness.end]))],
    ['subscribe', Buffer.from(asJson(subscriber.executions))],
    ['server-sent events', Buffer.from(await events)],
    ['metrics', Buffer.from(await (await fetch(`${system.httpUrl}/metrics`)).text())],
    ['command lines', Buffer.from([...lines].join('\n'))],
    ['output of the command line', Buffer.from(run.output)],
    ['history at Temporal', await historyOf(id)],
    ['history of the other at Temporal', await historyOf(byCli)],
  ]);
  const secrets = { secret, bySystemCall, callbackToken, keyOfProvider, user: system.token('user'), worker: system.token('worker'), runner: system.token('agent-runner-1') };
  const leaks = [...shown].flatMap(([place, bytes]) =>
    Object.entries(secrets).flatMap(([name, value]) => {
      const forms = [value, Buffer.from(value).toString('base64').replace(/=+$/, ''), Buffer.from(value).toString('hex')];
      return forms.some((form) => bytes.includes(form)) ? [`${name} in ${place}`] : [];
    }),
  );
  expect(leaks).toEqual([]);
  // What was looked at was worth looking at: it tells of the run.
  const telling = [...shown].filter(([, bytes]) => bytes.includes(id)).map(([place]) => place);
  for (const place of [/stigmer\.db/, /temporal\.db/, /logs\/server/, /logs\/agent-runner-1/, /^Watch$/, /^subscribe$/, /^server-sent events$/, /^history at Temporal$/]) {
    expect(telling).toContainEqual(expect.stringMatching(place));
  }
});
