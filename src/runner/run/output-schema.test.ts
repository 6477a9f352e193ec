import { describe, expect, it } from 'vitest';
import { checkOutput } from './output-schema.js';

const schema = { type: 'object', properties: { verdict: { enum: ['yes', 'no'] }, why: { type: 'string' } }, required: ['verdict'] };

describe('checkOutput', () => {
  it.each(['{"verdict":"yes"}', ' {"verdict":"yes"}\n', '```json\n{"verdict":"yes"}\n```', '```\n{"verdict":"yes"}```\n'])('takes %j', (answer) => {
    expect(checkOutput(schema, answer)).toEqual({ json: '{"verdict":"yes"}' });
  });

  it.each([
    ['Sure! {"verdict":"yes"}', /^it is no JSON: /],
    ['{"verdict":"perhaps"}', /#\/verdict: /],
    ['{"why":"x"}', /verdict/],
    ['', /^it is no JSON: /],
  ])('says what is wrong with %j', (answer, fault) => {
    expect(checkOutput(schema, answer).fault).toMatch(fault);
  });
});
