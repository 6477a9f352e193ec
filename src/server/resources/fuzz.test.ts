import { createHash } from 'node:crypto';
import type { DescMethodUnary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodedArbitrary, variationArbitrary } from '../../../test/support/message-arbitrary.js';
import { drafts, environmentRef } from '../../../test/support/resource-drafts.js';
import { type EngineFixture, engineFixture } from '../../../test/support/resource-engine.js';
import { Code, StigmerError } from '../../contract/errors.js';
import { AgentCommandController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { EnvironmentCommandController } from '../../contract/gen/ai/stigmer/agentic/environment/v1/command_pb.js';
import { WorkflowCommandController } from '../../contract/gen/ai/stigmer/agentic/workflow/v1/command_pb.js';
import { kindDefinitions } from './kinds/index.js';

const RUNS = 2000;

const SECRET = 's3cret-s3cret';

/** Codes that blame the server; no request may bring them about. */
const FAULTS: readonly Code[] = [Code.INTERNAL, Code.UNKNOWN, Code.DATA_LOSS, Code.UNAVAILABLE];

/** Everything that is stored, as one text. */
async function fingerprint({ store }: EngineFixture): Promise<string> {
  const hash = createHash('sha256');
  for (const { kind } of kindDefinitions) {
    const page = await store.resources.list(kind.enumName, {}, { limit: 100_000 });
    for (const row of page.items) hash.update(`${row.kind} ${row.id} ${row.version} ${row.slug} ${row.parent}`).update(row.data);
  }
  const changes = await store.changes.list({}, { limit: 1 });
  return `${changes.total} ${hash.digest('hex')}`;
}

/** Valid drafts of every kind, by the type of message, and the texts that mean something to the server that they are for. */
async function world({ call }: EngineFixture) {
  const agent = await call(AgentCommandController.method.create, drafts.agent());
  const workflow = await call(WorkflowCommandController.method.create, drafts.workflow());
  const data = { K: { value: SECRET, isSecret: true }, PLAIN: { value: 'v' } };
  const environment = await call(EnvironmentCommandController.method.create, drafts.environment('prod', data));
  const spare: string[] = [];
  for (const name of ['One', 'Two', 'Three'])
    spare.push((await call(AgentCommandController.method.create, drafts.agent(name))).metadata!.id);
  const refs = [environmentRef('prod')];
  const examples = [
    agent,
    drafts.agent('Another', {}, { skillRefs: [], envSpec: { data } }),
    drafts.agentInstance(agent.metadata!.id, {}, { environmentRefs: refs }),
    drafts.session(agent.status!.defaultInstanceId),
    environment,
    drafts.environment('staging', data),
    drafts.executionContext('aex-1', data),
    drafts.mcpServer(),
    workflow,
    drafts.workflow('Another'),
    drafts.workflowInstance(workflow.metadata!.id, {}, { envRefs: refs }),
  ];
  const kept = [agent, workflow, environment].flatMap(({ metadata }) => [metadata!.id, metadata!.slug, metadata!.version!.id]);
  return {
    examples,
    texts: ['', '***', 'acme', 'Some name', agent.status!.defaultInstanceId, ...kept, ...spare],
    spare: ['', 'prod', ...spare],
  };
}

describe('any message to any method', () => {
  it('is answered or refused for the fault of its sender, and a refusal changes nothing', async () => {
    const fixture = await engineFixture();
    const { call, services } = fixture;
    const { examples, texts, spare } = await world(fixture);
    const methods = services.flatMap(({ service }) => service.methods as readonly DescMethodUnary[]);
    const requests = fc.constantFrom(...methods).chain((method) => {
      // What the drafts stand on is not deleted.
      const any = decodedArbitrary(method.input, { texts: method.name === 'delete' ? spare : texts });
      const like = examples.filter(({ $typeName }) => $typeName === method.input.typeName);
      const variations = like.map((example) => ({ weight: 3, arbitrary: variationArbitrary(example, method.input, { texts }) }));
      return fc.oneof({ weight: 1, arbitrary: any }, ...variations).map((request) => ({ method, request }));
    });
    const outcomes = { answered: 0, refused: 0 };
    let before = await fingerprint(fixture);
    await fc.assert(
      fc.asyncProperty(requests, async ({ method, request }) => {
        const error = await call(method, request as never).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        const after = await fingerprint(fixture);
        outcomes[error === undefined ? 'answered' : 'refused']++;
        // A refusal for the fault of its sender, as seen from outside; an answer has nothing to show here.
        const refusal =
          error instanceof StigmerError ? { fault: FAULTS.includes(error.code), tells: error.message.includes(SECRET), after } : error;
        expect(refusal).toEqual(error === undefined ? undefined : { fault: false, tells: false, after: before });
        before = after;
      }),
      { numRuns: RUNS, seed: Number(process.env['FC_SEED'] ?? Date.now() % 1_000_000) },
    );
    // Both outcomes were there, else the test shows nothing.
    expect(outcomes.answered).toBeGreaterThan(RUNS / 20);
    expect(outcomes.refused).toBeGreaterThan(RUNS / 20);
  });
});
