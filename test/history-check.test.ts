import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Code, StigmerError } from '../src/contract/errors.js';
import { AgentCommandController } from '../src/contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { AgentExecutionCommandController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { AgentExecutionQueryController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { ApiResourceOwnerScope } from '../src/contract/gen/ai/stigmer/commons/apiresource/enum_pb.js';
import { Phase } from '../src/contract/phases.js';
import { ExecutionWitness, PlainSubscriber, textsOf } from './support/execution-witness.js';
import { ClientWriter, complete, type HistoryWriter, ReportWriter, StatusWriter, type WrittenPart } from './support/history-writers.js';
import { KillableServer } from './support/killable-server.js';
import { until } from './support/rpc.js';
import { seededRandom } from './support/seeded-random.js';

const GUARD_MS = 60_000;
/** How often the server is killed: a thousand times by `npm run test:thorough -- test/history-check.test.ts`. */
const rounds = Number(process.env['STIGMER_HISTORY_ROUNDS'] ?? '30');
/** Which choices are made. When things happen is up to the machine, so the same seed may tell another history. */
const seed = Number(process.env['STIGMER_HISTORY_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** Executions that are written to at a time. */
const AT_A_TIME = 6;

let folder: string;
let server: KillableServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stigmer-history-'));
  server = await KillableServer.start(folder);
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
}, GUARD_MS);

/** One execution, who writes to it, and who looks on. */
interface Story {
  readonly id: string;
  readonly writers: readonly HistoryWriter[];
  readonly witnesses: ExecutionWitness[];
  readonly subscribers: PlainSubscriber[];
}

/** Repeats a call for as long as nobody answers. */
async function insist<T>(call: () => Promise<T>): Promise<T> {
  const end = Date.now() + GUARD_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (StigmerError.from(error).code !== Code.UNAVAILABLE || Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

const metadata = { name: 'run', org: 'acme', annotations: { 'stigmer.ai/queue': 'true' } };

async function createAgent(): Promise<string> {
  const of = { name: 'told', ownerScope: ApiResourceOwnerScope.organization, org: 'acme' };
  const spec = { instructions: 'You say what the history check has for you.' };
  return (await insist(() => server.user.unary(AgentCommandController.method.apply, { apiVersion: 'agentic.stigmer.ai/v1', kind: 'Agent', metadata: of, spec }))).metadata!.id;
}

async function createExecution(agentId: string): Promise<string> {
  const draft = { apiVersion: 'agentic.stigmer.ai/v1', kind: 'AgentExecution', metadata, spec: { agentId, message: 'go on' } };
  return (await server.user.unary(AgentExecutionCommandController.method.create, draft)).metadata!.id;
}

function begin(id: string, random: () => number): Story {
  const runner = server.runners[Math.floor(random() * server.runners.length)]!;
  const choice = random();
  const writers =
    choice < 0.5
      ? [new ReportWriter(runner.client, id, runner.leaseId, random)]
      : choice < 0.7
        ? [new ClientWriter(runner.client, id, runner.leaseId, random)]
        : [new StatusWriter(server.user, id, 'messages'), new StatusWriter(server.user, id, 'toolCalls')];
  return { id, writers, witnesses: [new ExecutionWitness(server.user, id)], subscribers: [new PlainSubscriber(server.user, id)] };
}

/** Brings a story to its end, and gives what the execution must be from then on. */
async function finish({ id, writers }: Story): Promise<WrittenPart> {
  await Promise.all(writers.map((writer) => writer.finish()));
  if (writers.length > 1) await complete(server.user, id);
  return Object.assign({}, ...writers.map((writer) => writer.expected())) as WrittenPart;
}

/** Every watcher heard all of it, in order, each thing once, and the end. */
async function checkWatchers({ id, writers, witnesses, subscribers }: Story, { texts = [], toolCalls = [] }: WrittenPart): Promise<void> {
  expect({ id, faults: writers.flatMap(({ faults }) => faults) }).toEqual({ id, faults: [] });
  for (const witness of witnesses) {
    expect(await witness.ended).toMatchObject({ phase: Phase.COMPLETED });
    expect({ id, faults: witness.faults }).toEqual({ id, faults: [] });
    expect(witness.heard.at(-1)).toBe('end');
    expect(witness.texts).toEqual(texts);
    expect(witness.status?.toolCalls.map((call) => call.id)).toEqual(toolCalls);
    // What two were told of one revision is the same.
    for (const [revision, event] of witness.events) expect(witnesses[0]!.events.get(revision) ?? event).toEqual(event);
  }
  for (const subscriber of subscribers) {
    const last = await subscriber.ended;
    expect({ id, faults: subscriber.faults }).toEqual({ id, faults: [] });
    expect(textsOf(last.status)).toEqual(texts);
  }
}

async function checkStored(id: string, { texts = [], toolCalls = [] }: WrittenPart): Promise<void> {
  const { status } = await insist(() => server.user.unary(AgentExecutionQueryController.method.get, { value: id }));
  expect({ id, phase: status?.phase, texts: textsOf(status), toolCalls: status?.toolCalls.map((call) => call.id) }).toEqual({ id, phase: Phase.COMPLETED, texts, toolCalls });
}

it(`keeps every acknowledged update, once and in order, through ${rounds} kills (seed ${seed})`, { timeout: 120_000 + rounds * 20_000 }, async () => {
  console.log(`history check: STIGMER_HISTORY_SEED=${seed}, ${rounds} rounds`);
  const random = seededRandom(seed);
  const agentId = await createAgent();
  const going: Story[] = [];
  const ended = new Map<string, WrittenPart>();
  const accepted: string[] = [];
  const checks: Promise<void>[] = [];
  const end = async (story: Story): Promise<void> => {
    const expected = await finish(story);
    ended.set(story.id, expected);
    await checkWatchers(story, expected);
  };
  const beginToEnd = (story: Story): void => {
    const check = end(story);
    // It is awaited at last.
    check.catch(() => undefined);
    checks.push(check);
  };
  const acknowledged = (): number => going.flatMap(({ writers }) => writers).reduce((sum, writer) => sum + writer.acknowledged, 0);
  let total = 0;

  for (let round = 0; round < rounds; round += 1) {
    while (going.length < AT_A_TIME) going.push(begin(await insist(() => createExecution(agentId)), random));
    // Some come late.
    for (const { id, witnesses } of going) if (random() < 0.2) witnesses.push(new ExecutionWitness(server.user, id));
    const creates = Array.from({ length: 2 }, async () => createExecution(agentId).then((id) => accepted.push(id), () => undefined));
    const before = acknowledged();
    const enough = before + 1 + Math.floor(random() * 400);
    await until(() => acknowledged() >= enough || going.some(({ writers }) => writers.some(({ faults }) => faults.length > 0)), GUARD_MS);
    total += acknowledged() - before;
    // Some end while the server dies.
    for (let place = going.length - 1; place >= 0; place -= 1) if (random() < 0.25) beginToEnd(going.splice(place, 1)[0]!);
    await new Promise((resolve) => setTimeout(resolve, random() * 15));
    await server.killAndRestart();
    await Promise.all(creates);
  }
  for (const story of going.splice(0)) beginToEnd(story);
  await Promise.all(checks);
  console.log(`history check: ${ended.size} executions, ${total} updates acknowledged before a kill, ${accepted.length} creates accepted beside them`);
  // Once more from the disk alone.
  await server.killAndRestart();
  for (const [id, expected] of ended) await checkStored(id, expected);
  for (const id of accepted) expect((await insist(() => server.user.unary(AgentExecutionQueryController.method.get, { value: id }))).status?.phase).toBe(Phase.PENDING);
  expect(server.errors).toEqual([]);
});
