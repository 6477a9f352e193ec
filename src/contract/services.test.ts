import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { AgentExecutionQueryController } from './gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { AgentExecutionIdSchema } from './gen/ai/stigmer/agentic/agentexecution/v1/io_pb.js';
import { type AgentExecution, AgentExecutionSchema } from './gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { grpcServiceDefinition } from './services.js';

const definition = grpcServiceDefinition(AgentExecutionQueryController);
const subscribe = definition.subscribe!;

describe('grpcServiceDefinition', () => {
  it('keeps the paths of the contract, lower case first', () => {
    expect(Object.values(definition).map((method) => method.path)).toEqual(
      ['get', 'list', 'listBySession', 'subscribe'].map((name) => `/ai.stigmer.agentic.agentexecution.v1.AgentExecutionQueryController/${name}`),
    );
  });

  it('knows which methods stream', () => {
    expect(subscribe).toMatchObject({ requestStream: false, responseStream: true });
    expect(definition.get).toMatchObject({ requestStream: false, responseStream: false });
  });

  it('carries messages in both directions', () => {
    const id = create(AgentExecutionIdSchema, { value: 'aex-1' });
    expect(subscribe.requestDeserialize(subscribe.requestSerialize(id))).toEqual(id);
    const execution = create(AgentExecutionSchema, { kind: 'AgentExecution', status: { messages: [{ content: 'ä' }] } });
    expect(subscribe.responseDeserialize(subscribe.responseSerialize(execution))).toEqual(execution);
  });

  it('sends bytes that were encoded before without a copy', () => {
    const bytes = toBinary(AgentExecutionSchema, create(AgentExecutionSchema, { kind: 'AgentExecution' }));
    const sent = subscribe.responseSerialize(bytes);
    expect(Buffer.isBuffer(sent)).toBe(true);
    expect(sent.buffer).toBe(bytes.buffer);
    expect(subscribe.responseSerialize(sent)).toBe(sent);
    expect(fromBinary(AgentExecutionSchema, sent).kind).toBe('AgentExecution');
  });

  it('keeps fields of a newer contract when a message is passed on', () => {
    const newer = Buffer.concat([toBinary(AgentExecutionSchema, create(AgentExecutionSchema, { kind: 'x' })), Buffer.from([0xfa, 0x3e, 1, 65])]);
    const message = subscribe.responseDeserialize(newer) as AgentExecution;
    expect(subscribe.responseSerialize(message)).toEqual(newer);
  });
});
