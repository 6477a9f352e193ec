import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli, type CliOptions } from '../../../test/support/cli.js';
import { type GrpcPeer, startGrpcPeer } from '../../../test/support/grpc-peer.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { CallMetadata } from '../../contract/call-metadata.js';
import { notFound } from '../../contract/errors.js';
import { AgentSchema } from '../../contract/gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import { AgentCommandController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { AgentQueryController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { SessionQueryController } from '../../contract/gen/ai/stigmer/agentic/session/v1/query_pb.js';
import { type ListRequest, ResourceQuery, ResourceSchema } from '../../contract/gen/stigmer/resource/v1/resource_pb.js';
import { SystemService } from '../../contract/gen/stigmer/system/v1/system_pb.js';

const ID = 'agt-01kc0000000000000000000000';
const NOW = Date.UTC(2026, 0, 26, 10);

let peer: GrpcPeer;
let lists: ListRequest[];

beforeEach(async () => {
  peer = await startGrpcPeer();
  lists = [];
  peer.unary(AgentQueryController.method.getByReference, ({ slug, org }) => {
    if (slug !== 'reviewer' || (org !== '' && org !== 'local')) throw notFound('Agent', slug);
    return agent('reviewer');
  });
  peer.unary(AgentQueryController.method.get, ({ value }) => {
    if (value !== ID && value !== 'own.id') throw notFound('Agent', value);
    return agent('reviewer');
  });
  // Two pages.
  peer.unary(ResourceQuery.method.list, (request) => {
    lists.push(request);
    const first = request.pageToken === '';
    return { resources: [create(ResourceSchema, { resource: { case: 'agent', value: agent(first ? 'reviewer' : 'greeter') } })], total: 2, nextPageToken: first ? 'more' : '' };
  });
});
afterEach(() => peer.down());

function agent(slug: string) {
  const createdAt = timestampFromMs(NOW - 3 * 60_000);
  return create(AgentSchema, {
    apiVersion: 'agentic.stigmer.ai/v1',
    kind: 'Agent',
    metadata: { id: ID, name: slug, slug, org: 'local' },
    spec: { description: `Says\nthings \u001b[2J about ${slug}.`, instructions: 'Do it well.' },
    status: { audit: { specAudit: { createdAt } } },
  });
}

const run = (line: string, options: CliOptions = {}) => cli(line.split(' '), { endpoint: peer.endpoint, clock: new ManualClock(NOW), ...options });

describe('stigmer get', () => {
  it('writes a resource by its name or id as a manifest, or as JSON', async () => {
    for (const name of ['reviewer', 'Reviewer', ID, 'own.id']) {
      const { code, stdout } = await run(`get agent ${name}`);
      expect(stdout).toContain(`apiVersion: agentic.stigmer.ai/v1\nkind: Agent\nmetadata:\n  name: reviewer\n`);
      expect(code).toBe(0);
    }
    expect(JSON.parse((await run('get agents reviewer -o json')).stdout)).toMatchObject({ kind: 'Agent', metadata: { id: ID } });
  });

  it('ends with 3 when it is not there, naming what may have been meant', async () => {
    expect(await run('get agent reviewr')).toMatchObject({ code: 3, stderr: "✗ Agent not found: reviewr; did you mean 'reviewer'?\n  What is there: stigmer list agents\n" });
    expect((await run('get agent reviewer --org acme')).stderr).toContain('Agent not found: reviewer in organization acme');
  });

  it('refuses a kind that is none, and an id of another kind', async () => {
    expect(await run('get agnet x')).toMatchObject({ code: 2, stderr: expect.stringContaining("'agnet' is no kind of resource; did you mean 'agent'?") });
    expect(await run('get session agt-01kc0000000000000000000000')).toMatchObject({ code: 2, stderr: expect.stringContaining('is the id of an agent, not of a session') });
  });

  it('finds by name what the contract has no reference for', async () => {
    peer.unary(SessionQueryController.method.get, ({ value }) => {
      throw notFound('Session', value);
    });
    peer.unary(ResourceQuery.method.list, () => ({ resources: [create(ResourceSchema, { resource: { case: 'session', value: { metadata: { id: 'ses-1', slug: 'talk' } } } })] }));
    expect((await run('get session talk -o json')).stdout).toContain('"id": "ses-1"');
    expect((await run('get session walk')).code).toBe(3);
  });
});

describe('stigmer list', () => {
  it('writes a table of all pages', async () => {
    const { stdout } = await run('list agents');
    expect(stdout).toBe(`NAME      ID                              ORG    AGE    DESCRIPTION
reviewer  ${ID}  local  3 min  Says things  about reviewer.
greeter   ${ID}  local  3 min  Says things  about greeter.
`);
    expect(lists.map(({ pageToken }) => pageToken)).toEqual(['', 'more']);
  });

  it('passes filters on', async () => {
    await run('list agents --org local --label team=core --label a=b=c --tag x');
    expect(lists[0]).toMatchObject({ org: 'local', labels: { team: 'core', a: 'b=c' }, tags: ['x'] });
    expect(await run('list agents --label team')).toMatchObject({ code: 2, stderr: expect.stringContaining("--label: 'team' must be KEY=VALUE") });
  });

  it('writes whole resources for programs', async () => {
    const { stdout } = await run('list agents -o ndjson');
    expect(stdout.trim().split('\n').map((line) => (JSON.parse(line) as { metadata: { slug: string } }).metadata.slug)).toEqual(['reviewer', 'greeter']);
    expect(JSON.parse((await run('list agents -o json')).stdout)).toHaveLength(2);
  });

  it('says when there is nothing', async () => {
    peer.unary(ResourceQuery.method.list, () => ({}));
    expect(await run('list mcp-servers')).toMatchObject({ code: 0, stdout: '', stderr: 'no mcp servers\n' });
    expect((await run('list mcps -o json')).stdout).toBe('[]\n');
  });
});

describe('stigmer delete', () => {
  let deleted: string[];
  beforeEach(() => {
    deleted = [];
    peer.unary(SystemService.method.getStatus, () => ({}));
    peer.unary(AgentCommandController.method.delete, ({ value }, call) => {
      deleted.push(`${call.headers.get(CallMetadata.DRY_RUN) === 'true' ? 'plan' : 'delete'} ${value}`);
      call.answerHeaders({ [CallMetadata.CASCADE]: 'agent_instance=1,session=2' });
      return {};
    });
  });

  it('asks first, telling what goes with it, and says what went', async () => {
    const { code, stdout, asked } = await run('delete agent reviewer', { answers: ['y'] });
    expect(asked).toEqual([`Delete agent reviewer (${ID}) with 1 agent instance, 2 sessions?`]);
    expect(stdout).toBe(`✓ Deleted agent reviewer (${ID}) with 1 agent instance, 2 sessions\n`);
    expect(deleted).toEqual([`plan ${ID}`, `delete ${ID}`]);
    expect(code).toBe(0);
  });

  it('deletes nothing when the answer is no, or nobody can be asked', async () => {
    expect((await run('delete agent reviewer', { answers: ['n'] })).code).toBe(130);
    expect((await run('delete agent reviewer', { answers: [] })).code).toBe(130);
    expect(await run('delete agent reviewer')).toMatchObject({ code: 2, stderr: expect.stringContaining('pass --yes') });
    expect(deleted.every((entry) => entry.startsWith('plan'))).toBe(true);
  });

  it('does not ask with --yes', async () => {
    expect((await run('delete agent reviewer --yes')).code).toBe(0);
    expect(deleted).toEqual([`delete ${ID}`]);
  });

  it('never asks a server that knows no dry run what would go: it would go', async () => {
    peer.down();
    peer = await startGrpcPeer();
    peer.unary(AgentQueryController.method.getByReference, () => agent('reviewer'));
    peer.unary(AgentCommandController.method.delete, ({ value }) => {
      deleted.push(value);
      return {};
    });
    await run('delete agent reviewer', { answers: ['n'] });
    expect(deleted).toEqual([]);
  });
});
