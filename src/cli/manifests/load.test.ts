import { describe, expect, it } from 'vitest';
import { StigmerError } from '../../contract/errors.js';
import { ApiResourceOwnerScope } from '../../contract/gen/ai/stigmer/commons/apiresource/enum_pb.js';
import { loadManifests } from './load.js';

const agent = (name: string, more = '') => `apiVersion: agentic.stigmer.ai/v1
kind: Agent
metadata:
  name: ${name}
spec:
  instructions: Review what you are given.
${more}`;

const load = (...texts: string[]) => loadManifests(texts.map((text, index) => ({ path: `f${index + 1}.yaml`, text })), { org: 'acme' });

async function refusal(...texts: string[]): Promise<string> {
  try {
    await load(...texts);
  } catch (error) {
    if (error instanceof StigmerError) return error.message;
    throw error;
  }
  throw new Error('they were taken');
}

describe('reading manifests', () => {
  it('fills in organization and owner scope where they are missing', async () => {
    const [given, filled] = await load(`${agent('one').replace('name: one', 'name: one\n  org: own\n  ownerScope: platform')}---\n${agent('two')}`);
    expect(given?.resource.metadata).toMatchObject({ org: 'own', ownerScope: ApiResourceOwnerScope.platform });
    expect(filled?.resource.metadata).toMatchObject({ org: 'acme', ownerScope: ApiResourceOwnerScope.organization });
    expect(filled).toMatchObject({ slug: 'two', place: { file: 'f1.yaml', line: 10 } });
  });

  it('takes JSON, names as in the proto, several documents and empty ones', async () => {
    const json = JSON.stringify({ api_version: 'agentic.stigmer.ai/v1', kind: 'Agent', metadata: { name: 'a', owner_scope: 'platform' }, spec: { instructions: 'long enough text' } });
    expect((await load(json, `---\n${agent('b')}---\n# nothing here\n---\n${agent('c')}`)).map(({ slug }) => slug)).toEqual(['a', 'b', 'c']);
  });

  it('puts what others refer to before them', async () => {
    const of = (kind: string, name: string, spec = '{}') => `apiVersion: agentic.stigmer.ai/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n---\n`;
    const manifests = await load(of('Session', 's', '{agent_instance_id: ain-1}') + of('AgentInstance', 'i', '{agent_id: agt-1}') + agent('a') + '---\n' + of('Environment', 'e'));
    expect(manifests.map(({ kind }) => kind.name)).toEqual(['Environment', 'Agent', 'AgentInstance', 'Session']);
  });

  it.each([
    ['a field that is not there', agent('a', '  instrutions: x\n'), 'f1.yaml:7:3: spec.instrutions: is not a field of AgentSpec'],
    ['a value of the wrong kind', agent('a', '  mcpServers:\n    - name: x\n      stdio: {command: 7}\n'), 'f1.yaml:9:15: spec.mcp_servers[0].stdio.command: expected string, got 7'],
    ['a rule of the contract', agent('a').replace('Review what you are given.', 'short'), 'f1.yaml:6:3: spec.instructions: must be at least 10 characters'],
    ['a rule within a list', agent('a', '  sub_agents:\n    - name: s\n      instructions: no\n'), 'f1.yaml:9:7: spec.sub_agents[0].instructions: must be at least 10 characters'],
    ['an annotation that nobody knows', agent('a').replace('metadata:', 'metadata:\n  annotations:\n    stigmer.ai/nope: x'), 'f1.yaml:5:5: metadata.annotations["stigmer.ai/nope"]: is not an annotation that stigmer knows'],
    ['a kind that is none', agent('a').replace('Agent', 'Agnet'), "f1.yaml:2:1: kind: 'Agnet' is no kind of resource; did you mean 'Agent'?"],
    ['no kind', 'metadata: {}\n', 'f1.yaml:1:1: kind: is missing'],
    ['a kind that is not applied', agent('a').replace('Agent', 'AgentExecution'), 'f1.yaml:2:1: kind: an execution is started by `stigmer run`, not applied'],
    ['no version', agent('a').replace(/apiVersion.*\n/, ''), 'f1.yaml:1:1: api_version: is missing; it must be agentic.stigmer.ai/v1'],
    ['another version', agent('a').replace('v1', 'v9'), 'f1.yaml:1:1: api_version: must equal `agentic.stigmer.ai/v1`'],
    ['no name', agent('').replace('name: ', 'name: ""'), 'f1.yaml:4:3: metadata.name: is missing'],
    ['a name that gives no slug', agent('"文字"'), 'f1.yaml:4:3: metadata.name: \'文字\' must have a letter or digit of ASCII'],
    ['a manifest that is no map', '- a\n', 'f1.yaml:1:1: a manifest is a map'],
    ['YAML that is none', 'a: [1\nb: 2\n', 'f1.yaml:2:'],
    ['a key given twice', agent('a', 'kind: Agent\n'), 'f1.yaml:7:1: Map keys must be unique'],
    ['a tag that means nothing', agent('a', '  description: !secret x\n'), 'f1.yaml:7:16: Unresolved tag'],
    ['aliases without end', `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(10)}]\nc: [${'*b,'.repeat(30)}]\n`, 'f1.yaml:1:1: Excessive alias count'],
    ['no manifest at all', '# nothing\n', 'there is no manifest in f1.yaml'],
  ])('refuses %s, with file, line, column and field', async (_what, text, message) => {
    expect(await refusal(text)).toContain(message);
  });

  it('lists everything that is wrong, in all files, at once', async () => {
    const lines = (await refusal(agent('a', '  one: 1\n  two: 2\n'), agent('b'), 'kind: Nope\n')).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines.map((line) => line.slice(0, 7))).toEqual(['f1.yaml', 'f1.yaml', 'f3.yaml']);
  });

  it('refuses a resource that is described twice, naming both places', async () => {
    expect(await refusal(agent('My Agent'), agent('my-agent'))).toBe("f2.yaml:4:3: metadata.name: Agent 'my-agent' is described at f1.yaml:1:1 already");
  });
});
