import { create, type JsonValue } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { Code, type StigmerError } from './errors.js';
import { AgentSchema } from './gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import { AgentExecutionSchema } from './gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { ExecutionPhase, MessageType } from './gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { WorkflowSpecSchema } from './gen/ai/stigmer/agentic/workflow/v1/spec_pb.js';
import { ApiResourceOwnerScope } from './gen/ai/stigmer/commons/apiresource/enum_pb.js';
import { fromProtoJson, toProtoJson } from './proto-json.js';

function refused(json: JsonValue, schema = AgentSchema as Parameters<typeof fromProtoJson>[0]): StigmerError {
  try {
    fromProtoJson(schema, json);
  } catch (error) {
    return error as StigmerError;
  }
  throw new Error('was accepted');
}

describe('proto JSON', () => {
  const execution = create(AgentExecutionSchema, {
    apiVersion: 'agentic.stigmer.ai/v1',
    metadata: { ownerScope: ApiResourceOwnerScope.organization, labels: { a: 'b' } },
    spec: { message: 'hi', callbackToken: new Uint8Array([1, 2]) },
    status: {
      phase: ExecutionPhase.EXECUTION_IN_PROGRESS,
      messages: [{ type: MessageType.MESSAGE_AI, content: 'ä', metadata: { deep: { list: [1, null, 'x'] } } }],
      audit: { specAudit: { createdAt: timestampFromMs(1_769_421_600_123) } },
    },
  });

  it('goes there and back', () => {
    expect(fromProtoJson(AgentExecutionSchema, toProtoJson(AgentExecutionSchema, execution))).toEqual(execution);
  });

  it('has the names and forms of the contract', () => {
    expect(toProtoJson(AgentExecutionSchema, execution)).toMatchObject({
      metadata: { ownerScope: 'organization' },
      spec: { callbackToken: 'AQI=' },
      status: {
        phase: 'EXECUTION_IN_PROGRESS',
        messages: [{ type: 'MESSAGE_AI', metadata: { deep: { list: [1, null, 'x'] } } }],
        audit: { specAudit: { createdAt: '2026-01-26T10:00:00.123Z' } },
      },
    });
  });

  it('is read with the names of the proto too', () => {
    expect(fromProtoJson(AgentSchema, { api_version: 'x', spec: { icon_url: 'y' } })).toMatchObject({ apiVersion: 'x', spec: { iconUrl: 'y' } });
  });
});

describe('JSON that does not fit', () => {
  it.each<[string, JsonValue, string]>([
    ['an unknown key', { spec: { instrucions: 'x' } }, 'spec.instrucions: is not a field of AgentSpec'],
    ['a wrong type', { spec: { instructions: 1 } }, 'spec.instructions: expected string, got 1'],
    ['a place in a list', { spec: { mcpServers: [{ name: 'a' }, { stdio: { args: 'x' } }] } }, 'spec.mcp_servers[1].stdio.args: expected Array, got "x"'],
    ['an enum', { metadata: { ownerScope: 'nope' } }, 'metadata.owner_scope: is no ApiResourceOwnerScope: "nope"'],
    ['an entry of a map', { metadata: { labels: { a: 1 } } }, 'metadata.labels: map entry "a": expected string, got 1'],
    ['an object in the place of a list', { spec: { subAgents: {} } }, 'spec.sub_agents: expected Array, got object'],
    ['a message in a map', { spec: { envSpec: { data: { TOKEN: { value: 1 } } } } }, 'spec.env_spec.data["TOKEN"].value: expected string, got 1'],
    ['two of a choice', { spec: { mcpServers: [{ stdio: {}, http: {} }] } }, 'server_type'],
    ['a text in the place of the message', 'agent', 'is no Agent: "agent"'],
    ['a list in the place of a message', { spec: [] }, 'spec: is no AgentSpec: Array(0)'],
  ])('is refused with the path of the fault: %s', (_name, json, text) => {
    const error = refused(json);
    expect(error.code).toBe(Code.INVALID_ARGUMENT);
    expect(error.message).toContain(text);
    expect(error.violations.length).toBe(1);
  });

  it('is told of all faults at once', () => {
    const error = refused({ kined: 'Agent', metadata: { labels: [] }, spec: { description: 3 } });
    expect(error.violations.map(({ field }) => field)).toEqual(['kined', 'metadata.labels', 'spec.description']);
  });

  it('names the field that holds a malformed Struct', () => {
    expect(refused({ tasks: [{ taskConfig: 'x' }] }, WorkflowSpecSchema).message).toContain('tasks[0].task_config: ');
  });

  it('is read without its unknown keys when asked to', () => {
    expect(fromProtoJson(AgentSchema, { kind: 'Agent', newer: { a: 1 } }, { ignoreUnknownFields: true }).kind).toBe('Agent');
    expect(() => fromProtoJson(AgentSchema, { kind: 1, newer: 1 }, { ignoreUnknownFields: true })).toThrow(/^kind: expected string, got 1$/);
  });
});
