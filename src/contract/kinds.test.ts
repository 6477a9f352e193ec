import { describe, expect, it } from 'vitest';
import { ApiResourceKind, kindByEnumName, kindByIdPrefix, kindByName, kindBySpelling, resourceKind, resourceKinds } from './kinds.js';

describe('resource kinds', () => {
  it('are read from the options of the enum', () => {
    expect(resourceKind(ApiResourceKind.agent_execution)).toEqual({
      kind: ApiResourceKind.agent_execution,
      enumName: 'agent_execution',
      name: 'AgentExecution',
      displayName: 'Agent Execution',
      idPrefix: 'aex',
      apiVersion: 'agentic.stigmer.ai/v1',
      plural: 'agent-executions',
      versioned: false,
      openSource: true,
    });
    expect(resourceKind(ApiResourceKind.iam_policy)).toMatchObject({ apiVersion: 'iam.stigmer.ai/v1', openSource: false, plural: 'iam-policies' });
    expect(resourceKinds.filter((kind) => kind.versioned).map((kind) => kind.name)).toEqual(['Skill']);
  });

  it('have prefixes and names of their own', () => {
    for (const key of ['kind', 'enumName', 'name', 'idPrefix', 'plural'] as const) {
      expect(new Set(resourceKinds.map((kind) => kind[key])).size).toBe(18);
    }
  });

  it('are found by each of their names', () => {
    const kind = resourceKind(ApiResourceKind.mcp_server);
    expect(kindByName('McpServer')).toBe(kind);
    expect(kindByEnumName('mcp_server')).toBe(kind);
    expect(kindByIdPrefix('mcp')).toBe(kind);
    for (const text of ['mcp-servers', 'mcp-server', 'McpServer', 'mcp_server', 'mcpservers']) expect(kindBySpelling(text)).toBe(kind);
  });

  it('are not found by anything else', () => {
    expect([kindByName('agent'), kindByEnumName('Agent'), kindByIdPrefix('ag'), kindBySpelling('')]).toEqual([undefined, undefined, undefined, undefined]);
    expect(() => resourceKind(ApiResourceKind.api_resource_kind_unknown)).toThrow('number 0');
  });
});
