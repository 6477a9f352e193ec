import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli, type CliOptions } from '../../../test/support/cli.js';
import { type GrpcPeer, startGrpcPeer } from '../../../test/support/grpc-peer.js';
import { CallMetadata } from '../../contract/call-metadata.js';
import { invalidArgument, notFound, unavailable } from '../../contract/errors.js';
import { AgentCommandController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { AgentQueryController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { EnvironmentCommandController } from '../../contract/gen/ai/stigmer/agentic/environment/v1/command_pb.js';
import { SystemService } from '../../contract/gen/stigmer/system/v1/system_pb.js';

let peer: GrpcPeer;
let cwd: string;
let applied: string[];

beforeEach(async () => {
  peer = await startGrpcPeer();
  cwd = mkdtempSync(join(tmpdir(), 'stigmer-cli-'));
  applied = [];
});
afterEach(() => {
  peer.down();
  rmSync(cwd, { recursive: true });
});

const manifest = (kind: string, name: string, spec = 'instructions: Review what you are given.'): string => `apiVersion: agentic.stigmer.ai/v1\nkind: ${kind}\nmetadata:\n  name: ${name}\nspec:\n  ${spec}\n`;

function file(path: string, text: string): void {
  mkdirSync(dirname(join(cwd, path)), { recursive: true });
  writeFileSync(join(cwd, path), text);
}

/** A server that creates what it does not have, and tells what it did by the names of the manifests. */
function serve(outcomes: Readonly<Record<string, string>> = {}): void {
  peer.unary(SystemService.method.getStatus, () => ({ version: '0.1.0' }));
  peer.unary(EnvironmentCommandController.method.apply, ({ metadata }) => {
    applied.push(`environment ${metadata?.name}`);
    return { metadata: { id: 'env-1', name: metadata?.name ?? '' } };
  });
  peer.unary(AgentCommandController.method.apply, ({ metadata }, call) => {
    const { name = '', org = '' } = metadata ?? {};
    applied.push(`${call.headers.get(CallMetadata.DRY_RUN) === 'true' ? 'plan' : 'agent'} ${name} ${org}`);
    call.answerHeaders({ [CallMetadata.OUTCOME]: outcomes[name] ?? 'created', ...(outcomes[name] === 'updated' ? { [CallMetadata.CHANGED_FIELDS]: 'spec.description,metadata.labels%5B%22team%22%5D' } : {}) });
    return { metadata: { id: `agt-${name}`, name } };
  });
}

const apply = (argv: string[], options: CliOptions = {}) => cli(['apply', ...argv], { endpoint: peer.endpoint, cwd, ...options });

describe('stigmer apply', () => {
  it('applies files and folders in the order of their dependencies and says what became of each', async () => {
    serve({ two: 'updated', three: 'unchanged' });
    file('m/b/agents.yaml', `${manifest('Agent', 'one')}---\n${manifest('Agent', 'two')}`);
    file('m/c.json', JSON.stringify({ apiVersion: 'agentic.stigmer.ai/v1', kind: 'Agent', metadata: { name: 'three', org: 'other' }, spec: { instructions: 'Review what you are given.' } }));
    file('m/.hidden/x.yaml', 'nonsense: [');
    file('m/readme.md', '# no manifest');
    file('z.yaml', manifest('Environment', 'prod', 'description: x'));
    const { code, stdout } = await apply(['-f', 'm', '-f', 'z.yaml']);
    expect(stdout).toBe(`TYPE         NAME   STATUS     ID         CHANGED
Environment  prod   ✓ Applied  env-1
Agent        one    ✓ Created  agt-one
Agent        two    ✓ Updated  agt-two    spec.description, metadata.labels["team"]
Agent        three  Unchanged  agt-three

✓ Deployment successful: 4 resources
  → stigmer run one --message "…"
`);
    expect(applied).toEqual(['environment prod', 'agent one local', 'agent two local', 'agent three other']);
    expect(code).toBe(0);
  });

  it('takes standard input, and the organization that is given', async () => {
    serve();
    expect((await apply(['-f', '-', '--org', 'acme'], { stdin: manifest('Agent', 'a') })).code).toBe(0);
    expect(applied).toEqual(['agent a acme']);
  });

  it('sends nothing when one of the manifests is wrong', async () => {
    serve();
    file('good.yaml', manifest('Agent', 'good'));
    file('bad.yaml', manifest('Agent', 'bad', 'instructions: no'));
    const { code, stderr } = await apply(['-f', 'good.yaml', '-f', 'bad.yaml']);
    expect(code).toBe(2);
    expect(stderr).toContain('✗ bad.yaml:6:3: spec.instructions: must be at least 10 characters');
    expect(applied).toEqual([]);
  });

  it('tells with the place in the file what the server refuses, and what was applied before', async () => {
    serve();
    peer.unary(AgentCommandController.method.apply, ({ metadata }) => {
      if (metadata?.name === 'second') throw invalidArgument('spec.description', 'must be friendlier');
      return { metadata: { id: 'agt-1' } };
    });
    file('a.yaml', `${manifest('Agent', 'first')}---\n${manifest('Agent', 'second', 'instructions: Review what you are given.\n  description: bah')}---\n${manifest('Agent', 'third')}`);
    const { code, stdout, stderr } = await apply(['-f', 'a.yaml']);
    expect(code).toBe(2);
    expect(stdout).toBe('TYPE   NAME   STATUS     ID\nAgent  first  ✓ Applied  agt-1\n');
    expect(stderr).toBe('✗ a.yaml:14:3: spec.description: must be friendlier\n');
  });

  it('names the manifest at which the server could not go on', async () => {
    serve();
    peer.unary(AgentCommandController.method.apply, () => {
      throw unavailable('the disk is full', { reason: 'DISK_FULL' });
    });
    file('a.yaml', manifest('Agent', 'one'));
    expect(await apply(['-f', 'a.yaml'])).toMatchObject({ code: 4, stderr: "✗ a.yaml:1:1: Agent 'one': the disk is full\n" });
  });

  it.each([
    [[], 'pass the manifests with -f FILE or -f FOLDER'],
    [['-f', 'nope.yaml'], 'nope.yaml does not exist'],
    [['-f', '.'], 'has no manifest in it'],
  ])('refuses %j', async (argv, message) => {
    expect(await apply(argv)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('writes what became of each for programs', async () => {
    serve({ a: 'updated' });
    file('a.yaml', manifest('Agent', 'a'));
    expect(JSON.parse((await apply(['-f', 'a.yaml', '-o', 'json'])).stdout)).toEqual([
      { kind: 'Agent', name: 'a', org: 'local', id: 'agt-a', outcome: 'updated', fields: ['spec.description', 'metadata.labels["team"]'], file: 'a.yaml', line: 1 },
    ]);
  });
});

describe('stigmer apply --dry-run', () => {
  it('asks the server what would change, and changes nothing', async () => {
    serve({ b: 'updated', c: 'unchanged' });
    file('a.yaml', ['a', 'b', 'c'].map((name) => manifest('Agent', name)).join('---\n'));
    const { code, stdout } = await apply(['-f', 'a.yaml', '--dry-run']);
    expect(stdout).toBe(`TYPE   NAME  ACTION     ID     CHANGES
Agent  a     Create     agt-a
Agent  b     Update     agt-b  spec.description, metadata.labels["team"]
Agent  c     Unchanged  agt-c

✓ Dry run successful: 3 resources, nothing was changed
`);
    expect(applied).toEqual(['plan a local', 'plan b local', 'plan c local']);
    expect(code).toBe(0);
  });

  it('checks the manifests where no server answers, and says that this is all', async () => {
    peer.down();
    file('a.yaml', manifest('Agent', 'a'));
    const { code, stdout, stderr } = await apply(['-f', 'a.yaml', '--dry-run']);
    expect(stdout).toContain('Agent  a     Create\n');
    expect(stderr).toContain(`⚠ no server answers at ${peer.endpoint}: the manifests were checked, but not compared with what is there`);
    expect(code).toBe(0);
    file('b.yaml', manifest('Agent', 'b', 'instructions: no'));
    expect((await apply(['-f', 'b.yaml', '--dry-run'])).code).toBe(2);
  });

  it('never applies anything to a server that knows no dry run', async () => {
    peer.unary(AgentCommandController.method.apply, ({ metadata }) => {
      applied.push(metadata?.name ?? '');
      return {};
    });
    peer.unary(AgentQueryController.method.getByReference, ({ slug }) => {
      if (slug !== 'there') throw notFound('Agent', slug);
      return { metadata: { id: 'agt-there' } };
    });
    file('a.yaml', `${manifest('Agent', 'there')}---\n${manifest('Agent', 'new')}`);
    const { stdout } = await apply(['-f', 'a.yaml', '--dry-run']);
    expect(applied).toEqual([]);
    expect(stdout).toContain('Agent  there  Update  agt-there\nAgent  new    Create\n');
  });
});
