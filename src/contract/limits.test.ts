import { describe, expect, it } from 'vitest';
import { Code } from './errors.js';
import { byteLength, checkLimit, EXECUTION_STATE_LIMIT, MESSAGE_LIMIT, RUN_INPUT_LIMIT, TOOL_RESULT_LIMIT } from './limits.js';

describe('checkLimit', () => {
  it('lets through what is at the limit and tells both numbers above it', () => {
    checkLimit(RUN_INPUT_LIMIT, 1_048_576);
    expect(() => checkLimit(RUN_INPUT_LIMIT, 1_048_577)).toThrow(
      expect.objectContaining({
        code: Code.RESOURCE_EXHAUSTED,
        message: 'message and environment of the run has 1048577 bytes, the limit is 1048576 bytes',
      }),
    );
  });
});

it('keeps the limits in an order that can work: a tool result fits a state, a state fits what old clients read and one message', () => {
  expect(TOOL_RESULT_LIMIT.max).toBeLessThan(EXECUTION_STATE_LIMIT.max);
  expect(EXECUTION_STATE_LIMIT.max).toBeLessThan(4 * 1024 * 1024);
  expect(EXECUTION_STATE_LIMIT.max).toBeLessThan(MESSAGE_LIMIT.max);
});

it('counts bytes of UTF-8', () => {
  expect(byteLength('ä😀')).toBe(6);
});
