import { create } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageArbitrary } from '../../../test/support/message-arbitrary.js';
import { drafts } from '../../../test/support/resource-drafts.js';
import { type Agent, AgentSchema } from '../../contract/gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import { type Workflow, WorkflowSchema } from '../../contract/gen/ai/stigmer/agentic/workflow/v1/api_pb.js';
import { changedFields } from './diff.js';

describe('changedFields', () => {
  it.each<[string, (agent: Agent) => void, string[]]>([
    ['nothing', () => undefined, []],
    ['a scalar', (agent) => (agent.spec!.instructions = 'Others.'), ['spec.instructions']],
    ['an enum', (agent) => (agent.metadata!.ownerScope = 1), ['metadata.owner_scope']],
    [
      'map entries',
      (agent) => (agent.metadata!.labels = { kept: '1', added: '2' }),
      ['metadata.labels["added"]', 'metadata.labels["gone"]'],
    ],
    ['an element of a list', (agent) => (agent.metadata!.tags = ['a', 'c']), ['metadata.tags[1]']],
    ['the length of a list', (agent) => agent.metadata!.tags.push('c'), ['metadata.tags']],
    ['a field of an element', (agent) => (agent.spec!.mcpServers[0]!.name = 'other'), ['spec.mcp_servers[0].name']],
    ['the choice of a oneof', (agent) => (agent.spec!.mcpServers[0]!.serverType = { case: undefined }), ['spec.mcp_servers[0].stdio']],
    ['a message that is gone', (agent) => delete agent.spec, ['spec']],
    [
      'a field that the contract does not know',
      (agent) => (agent.spec!.$unknown = [{ no: 900, wireType: 0, data: new Uint8Array([1]) }]),
      ['spec'],
    ],
  ])('names %s', (_what, change, fields) => {
    const make = () => {
      const mcpServers = [{ name: 'git', serverType: { case: 'stdio' as const, value: { command: 'git' } } }];
      return drafts.agent('A', { labels: { kept: '1', gone: '1' }, tags: ['a', 'b'] }, { mcpServers });
    };
    const after = make();
    change(after);
    expect(changedFields(AgentSchema, make(), after)).toEqual(fields);
  });

  it('names a free-form value as a whole', () => {
    const [before, after] = [drafts.workflow(), drafts.workflow()] as [Workflow, Workflow];
    after.spec!.tasks[0]!.taskConfig = { variables: { greeting: 'goodbye' } };
    expect(changedFields(WorkflowSchema, before, after)).toEqual(['spec.tasks[0].task_config']);
  });

  it('names something exactly when the messages differ', () => {
    const any = messageArbitrary(AgentSchema, { texts: ['', 'a', 'b'] });
    fc.assert(
      fc.property(any, any, (left, right) => {
        expect(changedFields(AgentSchema, left, left)).toEqual([]);
        expect(changedFields(AgentSchema, left, create(AgentSchema, left as Agent))).toEqual([]);
        const [there, back] = [changedFields(AgentSchema, left, right), changedFields(AgentSchema, right, left)];
        expect(there).toEqual(back);
        expect(new Set(there).size).toBe(there.length);
      }),
    );
  });
});
