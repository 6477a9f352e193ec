import { create } from '@bufbuild/protobuf';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { AgentExecutionSchema, AgentExecutionStatusSchema } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { ExecutionPhase } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { messageCodec, messagePayload, readMessagePayload } from './payloads.js';

const utf8 = (text: string) => new TextEncoder().encode(text);
const shown = ({ metadata, data }: Payload) => ({
  encoding: Buffer.from(metadata?.['encoding'] ?? []).toString(),
  messageType: Buffer.from(metadata?.['messageType'] ?? []).toString(),
  data: Buffer.from(data ?? []).toString(),
});
const type = 'ai.stigmer.agentic.agentexecution.v1.AgentExecution';

describe('messageCodec', () => {
  it('sends a message as the other SDKs do', async () => {
    const status = create(AgentExecutionStatusSchema, { phase: ExecutionPhase.EXECUTION_COMPLETED, completedAt: '2026-01-01T00:00:00Z', messages: [{ content: 'ü' }] });
    const [sent] = await messageCodec.encode([defaultPayloadConverter.toPayload(messagePayload(AgentExecutionStatusSchema, status))]);
    expect(shown(sent as Payload)).toEqual({
      encoding: 'json/protobuf',
      messageType: 'ai.stigmer.agentic.agentexecution.v1.AgentExecutionStatus',
      data: '{"messages":[{"content":"ü"}],"phase":"EXECUTION_COMPLETED","completedAt":"2026-01-01T00:00:00Z"}',
    });
  });

  it('reads a message of the Go and Python SDKs, with fields of a newer server', async () => {
    const data = utf8('{"metadata":{"id":"aex-1"},"spec":{"sessionId":"s","message":"hi","callbackToken":"AQI="},"status":{"phase":"EXECUTION_PENDING"},"fromTheFuture":{"a":1}}');
    const [decoded] = await messageCodec.decode([{ metadata: { encoding: utf8('json/protobuf'), messageType: utf8(type) }, data }]);
    const execution = readMessagePayload(AgentExecutionSchema, defaultPayloadConverter.fromPayload(decoded as Payload));
    expect(execution).toMatchObject({ metadata: { id: 'aex-1' }, spec: { sessionId: 's', message: 'hi', callbackToken: new Uint8Array([1, 2]) } });
  });

  it('leaves everything else as it is', async () => {
    const payloads = ['text', { a: 1 }, undefined, new Uint8Array([1])].map((value) => defaultPayloadConverter.toPayload(value));
    expect(await messageCodec.encode(payloads)).toEqual(payloads);
    expect(await messageCodec.decode(payloads)).toEqual(payloads);
  });

  it.each([['plain JSON', { metadata: {} }], ['another message', messagePayload(AgentExecutionStatusSchema, create(AgentExecutionStatusSchema))]])('refuses %s in place of an execution', (_what, value) => {
    expect(() => readMessagePayload(AgentExecutionSchema, value)).toThrow(/must be a ai\.stigmer\..*AgentExecution as json\/protobuf/);
  });
});
