import { describe, expect, it } from 'vitest';
import { alreadyExists, Code, codeName, invalidArgument, notFound, resourceExhausted, StigmerError, unavailable } from './errors.js';

describe('StigmerError', () => {
  it('keeps the words that existing clients search for', () => {
    expect(notFound('Agent', 'agt-1').message).toBe('Agent not found: agt-1');
    expect(alreadyExists('Agent', "slug 'a'", 'agt-1').message).toBe("Agent with slug 'a' already exists (id: agt-1)");
  });

  it('names the field and the rule of a bad argument', () => {
    const error = invalidArgument('spec.agent_id', 'must not be empty');
    expect(error).toMatchObject({ code: Code.INVALID_ARGUMENT, codeName: 'INVALID_ARGUMENT', message: 'spec.agent_id: must not be empty' });
    expect(error.violations).toEqual([{ field: 'spec.agent_id', description: 'must not be empty', rule: '' }]);
  });

  it('tells both numbers of a limit, to people and to programs', () => {
    const error = resourceExhausted('message of the run', 1024, 2048);
    expect(error.message).toBe('message of the run has 2048 bytes, the limit is 1024 bytes');
    expect(error.details).toMatchObject([{ reason: 'LIMIT_EXCEEDED', metadata: { limit: '1024', actual: '2048' } }]);
  });

  it('carries a reason and a cause', () => {
    const cause = new Error('connect ECONNREFUSED');
    const error = unavailable('Temporal at 127.0.0.1:7233 does not answer', { reason: 'TEMPORAL_DOWN', cause });
    expect(error).toMatchObject({ code: Code.UNAVAILABLE, reason: 'TEMPORAL_DOWN', cause });
  });
});

describe('StigmerError.from', () => {
  it('passes a StigmerError through', () => {
    const error = notFound('Agent', 'x');
    expect(StigmerError.from(error)).toBe(error);
  });

  it('takes code and text of a failed call', () => {
    const call = Object.assign(new Error('14 UNAVAILABLE: no'), { code: 14, details: 'no' });
    expect(StigmerError.from(call)).toMatchObject({ code: Code.UNAVAILABLE, message: 'no', cause: call });
  });

  it('does not take an error of the system for one of a call', () => {
    const error = Object.assign(new Error('open failed'), { code: 'ENOENT' });
    expect(StigmerError.from(error)).toMatchObject({ code: Code.INTERNAL, message: 'open failed', cause: error });
  });

  it('makes INTERNAL of anything else that was thrown', () => {
    expect(StigmerError.from('oops')).toMatchObject({ code: Code.INTERNAL, message: 'oops' });
    expect(StigmerError.from(new TypeError())).toMatchObject({ code: Code.INTERNAL, message: 'TypeError' });
  });

  it('knows what an AbortSignal throws', () => {
    expect(StigmerError.from(AbortSignal.abort().reason).code).toBe(Code.CANCELLED);
    expect(StigmerError.from(new DOMException('late', 'TimeoutError')).code).toBe(Code.DEADLINE_EXCEEDED);
  });
});

describe('codeName', () => {
  it('names known codes and calls the rest UNKNOWN', () => {
    expect([0, 5, 16, 17, -1].map(codeName)).toEqual(['OK', 'NOT_FOUND', 'UNAUTHENTICATED', 'UNKNOWN', 'UNKNOWN']);
  });
});
