import { ServiceError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { Code } from '../../contract/errors.js';
import { certaintyOf, temporalError } from './temporal-error.js';

const place = { address: 'localhost:7233', namespace: 'default' };

/** An error as Temporal's client throws it: the one of the gRPC call is its cause. */
function wrapped(code: number, details: string): ServiceError {
  return new ServiceError('Failed to start Workflow', { cause: Object.assign(new Error(`${code}: ${details}`), { code, details }) });
}

describe('an error of Temporal', () => {
  it.each([
    { code: Code.UNAVAILABLE, details: 'No connection established. Last error: connect ECONNREFUSED 127.0.0.1:7233' },
    { code: Code.UNAVAILABLE, details: 'Name resolution failed for target dns:nowhere:7233' },
    { code: Code.INVALID_ARGUMENT, details: 'Blob data size exceeds limit.' },
    { code: Code.RESOURCE_EXHAUSTED, details: 'namespace rate limit exceeded' },
    { code: Code.PERMISSION_DENIED, details: 'no' },
  ])('is certain: $code $details', ({ code, details }) => {
    expect(certaintyOf(wrapped(code, details))).toBe('refused');
  });

  it.each([
    { code: Code.UNAVAILABLE, details: 'Connection dropped' },
    { code: Code.UNAVAILABLE, details: 'shard status unknown' },
    { code: Code.DEADLINE_EXCEEDED, details: 'Deadline exceeded after 3.001s' },
    { code: Code.INTERNAL, details: 'Received RST_STREAM with code 2' },
    { code: Code.UNKNOWN, details: 'unexpected EOF' },
    { code: Code.CANCELLED, details: 'Call cancelled' },
  ])('leaves it open: $code $details', ({ code, details }) => {
    expect(certaintyOf(wrapped(code, details))).toBe('unknown');
  });

  it('leaves it open when the error is of no kind that is known', () => {
    expect(certaintyOf(new TypeError('oops'))).toBe('unknown');
  });

  it('keeps its code, and names the address when nothing answered', () => {
    expect(temporalError(wrapped(Code.UNAVAILABLE, 'Connection dropped'), place)).toMatchObject({
      code: Code.UNAVAILABLE,
      message: 'Temporal at localhost:7233 does not answer: Connection dropped',
    });
    expect(temporalError(wrapped(Code.INVALID_ARGUMENT, 'too large'), place)).toMatchObject({ code: Code.INVALID_ARGUMENT, message: 'too large' });
  });

  it('about a missing namespace does not read as if the workflow were missing', () => {
    for (const error of [new NamespaceNotFoundError('default'), wrapped(Code.NOT_FOUND, 'Namespace default is not found.')]) {
      expect(temporalError(error, place)).toMatchObject({ code: Code.FAILED_PRECONDITION, message: expect.stringContaining('has no namespace default') });
    }
    expect(temporalError(wrapped(Code.NOT_FOUND, 'workflow not found for ID: x'), place).code).toBe(Code.NOT_FOUND);
  });
});
