import { create, type DescMessage, fromJson, type JsonValue, type Message, toJson } from '@bufbuild/protobuf';
import { AgentExecutionSchema, AgentExecutionStatusSchema } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { ExecutionPhase, MessageType, TodoStatus, ToolCallStatus } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { WorkflowExecutionSchema } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { readFileSync } from 'node:fs';
import { decode, encode } from '@temporalio/common/lib/encoding.js';
import { describe, expect, it } from 'vitest';
import { payloadConverter } from './converter.js';
import { isProtoPayload, type ProtoPayload, protoPayload } from './proto-payload.js';

/** Messages with what proto JSON treats specially: enums, bytes, maps, times, free JSON, texts that JSON escapes, fields of two words. */
const goldenMessages: readonly { readonly schema: DescMessage; readonly message: Message }[] = [
  {
    schema: AgentExecutionSchema,
    message: create(AgentExecutionSchema, {
      apiVersion: 'agentic.stigmer.ai/v1',
      kind: 'AgentExecution',
      metadata: { name: 'run-1', id: 'aex-01', org: 'acme', annotations: { 'stigmer.ai/on-crash': 'resume' }, tags: ['a', 'b'] },
      spec: {
        sessionId: 'ses-01',
        agentId: 'agt-01',
        message: 'Line one\nline "two" <&> \u2028 é 🙂',
        executionConfig: { modelName: 'm-1' },
        runtimeEnv: { REGION: { value: 'eu' } },
      },
      status: {
        phase: ExecutionPhase.EXECUTION_PENDING,
        audit: { specAudit: { createdBy: { id: 'me' }, createdAt: { seconds: 1_769_421_600n, nanos: 120_000_000 }, event: 'created' } },
      },
    }),
  },
  {
    schema: AgentExecutionStatusSchema,
    message: create(AgentExecutionStatusSchema, {
      phase: ExecutionPhase.EXECUTION_FAILED,
      error: 'it broke',
      startedAt: '2026-01-26T10:00:00.123456',
      messages: [
        { type: MessageType.MESSAGE_AI, content: 'Hi', toolCalls: [{ id: 'c1', name: 'read', args: { deep: [1, 2.5, null, true], path: '/a' }, status: ToolCallStatus.TOOL_CALL_COMPLETED }] },
      ],
      todos: { t1: { id: 't1', content: 'do it', status: TodoStatus.TODO_IN_PROGRESS } },
      callbackToken: new Uint8Array([0, 1, 250, 255]),
    }),
  },
  {
    schema: WorkflowExecutionSchema,
    message: create(WorkflowExecutionSchema, { apiVersion: 'agentic.stigmer.ai/v1', kind: 'WorkflowExecution', metadata: { id: 'wex-01', org: 'acme' } }),
  },
];

interface Golden {
  readonly payloads: readonly { readonly encoding: string; readonly messageType: string; readonly data: string }[];
}

/** Payloads of these messages, as the default converter of another SDK wrote them. */
function golden(sdk: 'go' | 'python'): Golden['payloads'] {
  return (JSON.parse(readFileSync(new URL(`./golden/${sdk}.json`, import.meta.url), 'utf8')) as Golden).payloads;
}

const cases = goldenMessages.map(({ schema, message }, index) => ({ name: schema.typeName, schema, message, index }));

function text(bytes: Uint8Array | null | undefined): string {
  return decode(bytes ?? new Uint8Array());
}

describe('the payload converter', () => {
  it.each(cases)("writes $name byte for byte as the Go SDK does", ({ schema, message, index }) => {
    const { metadata, data } = payloadConverter.toPayload(protoPayload(schema.typeName, toJson(schema, message)));
    const expected = golden('go')[index];
    expect({ encoding: text(metadata?.['encoding']), messageType: text(metadata?.['messageType']), data: text(data) }).toEqual(expected);
    expect(Object.keys(metadata ?? {})).toEqual(['encoding', 'messageType']);
  });

  it.each(cases)('writes $name with the metadata and the values of the Python SDK, whose JSON is sorted and ASCII', ({ schema, message, index }) => {
    const { metadata, data } = payloadConverter.toPayload(protoPayload(schema.typeName, toJson(schema, message)));
    const expected = golden('python')[index];
    expect({ encoding: text(metadata?.['encoding']), messageType: text(metadata?.['messageType']) }).toEqual({ encoding: expected?.encoding, messageType: expected?.messageType });
    expect(JSON.parse(text(data))).toEqual(JSON.parse(expected?.data ?? ''));
  });

  it.each((['go', 'python'] as const).flatMap((sdk) => cases.map((one) => ({ ...one, sdk }))))('reads $name of the $sdk SDK', ({ schema, message, index, sdk }) => {
    const { encoding, messageType, data } = golden(sdk)[index] ?? { encoding: '', messageType: '', data: '' };
    const value = payloadConverter.fromPayload<ProtoPayload>({ metadata: { encoding: encode(encoding), messageType: encode(messageType) }, data: encode(data) });
    expect(isProtoPayload(value)).toBe(true);
    expect(value.type).toBe(schema.typeName);
    expect(fromJson(schema, value.json as JsonValue)).toEqual(message);
  });

  it.each([
    { value: 'thread-1', encoding: 'json/plain', data: '"thread-1"' },
    { value: { a: [1, null] }, encoding: 'json/plain', data: '{"a":[1,null]}' },
    { value: null, encoding: 'json/plain', data: 'null' },
    { value: undefined, encoding: 'binary/null', data: '' },
  ])('writes and reads $value as $encoding, as every SDK', ({ value, encoding, data }) => {
    const payload = payloadConverter.toPayload(value);
    expect([text(payload.metadata?.['encoding']), text(payload.data)]).toEqual([encoding, data]);
    expect(payloadConverter.fromPayload(payload)).toEqual(value);
  });

  it('gives a message in binary as one whose content is not known, so that a workflow can say so', () => {
    const payload = { metadata: { encoding: encode('binary/protobuf'), messageType: encode('a.B') }, data: new Uint8Array([8, 1]) };
    expect(payloadConverter.fromPayload(payload)).toEqual(protoPayload('a.B', undefined));
  });

  it('knows a message that another copy of this module wrapped', () => {
    const foreign = { [Symbol.for('stigmer.proto-payload')]: true, type: 'a.B', json: {} };
    expect(text(payloadConverter.toPayload(foreign).metadata?.['encoding'])).toBe('json/protobuf');
  });
});
