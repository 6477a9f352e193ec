import { describe, expect, it } from 'vitest';
import { refusal } from '../../../test/support/refusal.js';
import { drafts } from '../../../test/support/resource-drafts.js';
import { type EngineFixture, engineFixture } from '../../../test/support/resource-engine.js';
import { Code } from '../../contract/errors.js';
import { AgentCommandController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { AgentQueryController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { EnvironmentCommandController } from '../../contract/gen/ai/stigmer/agentic/environment/v1/command_pb.js';
import { EnvironmentQueryController } from '../../contract/gen/ai/stigmer/agentic/environment/v1/query_pb.js';

const { getByReference } = AgentQueryController.method;
const PLATFORM = 1;
const ORGANIZATION = 2;

async function withAgents(...homes: readonly { readonly org: string; readonly ownerScope: number }[]): Promise<EngineFixture> {
  const fixture = await engineFixture();
  for (const home of homes) await fixture.call(AgentCommandController.method.create, drafts.agent('Reviewer', home));
  return fixture;
}

const acme = { org: 'acme', ownerScope: ORGANIZATION };
const umbrella = { org: 'umbrella', ownerScope: ORGANIZATION };
const platform = { org: '', ownerScope: PLATFORM };

describe('getByReference', () => {
  it.each([
    ['the organisation given, scope 0', [acme, umbrella], { org: 'umbrella' }, 'umbrella'],
    ['the organisation given, scope organization', [acme, umbrella], { org: 'umbrella', scope: ORGANIZATION }, 'umbrella'],
    ['its own before the platform', [platform, acme], { org: 'acme' }, 'acme'],
    ['the platform when the organisation has none', [platform, umbrella], { org: 'acme' }, ''],
    ['the platform when no organisation is given', [platform, acme], {}, ''],
    ['the platform by its scope', [platform, acme], { org: 'acme', scope: PLATFORM }, ''],
    ['the only one when no organisation is given', [acme], {}, 'acme'],
    ['the kind when it is given', [acme], { kind: 40 }, 'acme'],
  ])('finds %s', async (_what, homes, reference, org) => {
    const { call } = await withAgents(...homes);
    expect((await call(getByReference, { slug: 'reviewer', ...reference })).metadata?.org).toBe(org);
  });

  it.each([
    ['no slug', {}, Code.INVALID_ARGUMENT, 'slug is required in reference'],
    ['another kind', { slug: 'reviewer', kind: 50 }, Code.INVALID_ARGUMENT, 'kind mismatch: expected agent, got workflow'],
    ['a number that is no kind', { slug: 'reviewer', kind: 777 }, Code.INVALID_ARGUMENT, 'kind mismatch: expected agent, got 777'],
    ['a scope that does not exist', { slug: 'reviewer', scope: 9 }, Code.INVALID_ARGUMENT, 'scope'],
    ['two organisations', { slug: 'reviewer' }, Code.INVALID_ARGUMENT, "'reviewer' exists in the organizations 'acme', 'umbrella'"],
    ['an unknown slug', { slug: 'nobody' }, Code.NOT_FOUND, 'Agent not found: nobody'],
    ['an unknown organisation', { slug: 'reviewer', org: 'initech' }, Code.NOT_FOUND, "Agent not found: reviewer (organization 'initech')"],
    [
      'a scope that the agent does not have',
      { slug: 'reviewer', org: 'acme', scope: PLATFORM },
      Code.NOT_FOUND,
      'Agent not found: reviewer',
    ],
  ])('refuses %s', async (_what, reference, code, words) => {
    const { call } = await withAgents(acme, umbrella);
    const error = await refusal(call(getByReference, reference));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  it('finds an environment that is called a workflow execution', async () => {
    const { call } = await engineFixture();
    await call(EnvironmentCommandController.method.create, drafts.environment('prod'));
    const found = await call(EnvironmentQueryController.method.getByReference, { slug: 'prod', org: 'acme', kind: 52 });
    expect(found.metadata?.slug).toBe('prod');
  });
});
