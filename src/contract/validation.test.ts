import { create, type DescMessage, type JsonValue, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { Code, StigmerError } from './errors.js';
import { AgentSpecSchema } from './gen/ai/stigmer/agentic/agent/v1/spec_pb.js';
import { ApiResourceIdSchema } from './gen/ai/stigmer/commons/apiresource/io_pb.js';
import { fromProtoJson } from './proto-json.js';
import { messageSchema } from './registry.js';
import cases from './testdata/validation-cases.json' with { type: 'json' };
import { loadValidator } from './validation.js';

const validate = await loadValidator();

function refused<D extends DescMessage>(schema: D, init: MessageInitShape<D>): StigmerError {
  try {
    validate(schema, create(schema, init));
  } catch (error) {
    return error as StigmerError;
  }
  throw new Error('was accepted');
}

describe('the rules of the contract', () => {
  it.each(cases)('hold as the original has them: $name', ({ message, json, violations }) => {
    const schema = messageSchema(message)!;
    const input = fromProtoJson(schema, json as JsonValue);
    const expected = violations.map(({ field, message: description, ruleId: rule }) => ({ field, description, rule }));
    if (expected.length === 0) return validate(schema, input);
    let found: unknown;
    try {
      validate(schema, input);
    } catch (error) {
      found = error;
    }
    expect(found).toBeInstanceOf(StigmerError);
    expect((found as StigmerError).violations).toEqual(expected);
  });
});

describe('validate', () => {
  it('tells one violation in one line', () => {
    const error = refused(ApiResourceIdSchema, {});
    expect(error).toMatchObject({ code: Code.INVALID_ARGUMENT, message: 'validation error: value: value is required' });
  });

  it('tells several in a line each', () => {
    const error = refused(AgentSpecSchema, { subAgents: [{}] });
    expect(error.message).toBe(
      [
        'validation errors:',
        ' - instructions: must be at least 10 characters',
        ' - sub_agents[0].name: value is required',
        ' - sub_agents[0].instructions: must be at least 10 characters',
      ].join('\n'),
    );
    expect(error.violations).toHaveLength(3);
  });
});
