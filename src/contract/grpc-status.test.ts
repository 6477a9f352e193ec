import * as fc from 'fast-check';
import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { Code, type ErrorDetail, invalidArgument, notFound, StigmerError } from './errors.js';
import { fromGrpcStatus, toGrpcStatus } from './grpc-status.js';

const detail: fc.Arbitrary<ErrorDetail> = fc.oneof(
  fc.record({
    type: fc.constant('ErrorInfo' as const),
    reason: fc.string(),
    domain: fc.string(),
    metadata: fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.string({ maxLength: 20 }), { maxKeys: 4, noNullPrototype: true }),
  }),
  fc.record({
    type: fc.constant('BadRequest' as const),
    violations: fc.array(fc.record({ field: fc.string(), description: fc.string(), rule: fc.string() }), { maxLength: 4 }),
  }),
);

describe('a gRPC status', () => {
  it('carries code, message and details there and back', () => {
    const codes = Object.values(Code).filter((code) => code !== Code.OK);
    fc.assert(
      fc.property(fc.constantFrom(...codes), fc.string(), fc.array(detail, { maxLength: 3 }), (code, message, details) => {
        const back = fromGrpcStatus(toGrpcStatus(new StigmerError(code, message, { details })));
        expect({ code: back.code, message: back.message, details: back.details }).toEqual({ code, message, details });
      }),
    );
  });

  it('has no trailer when there are no details', () => {
    expect(toGrpcStatus(new StigmerError(Code.ABORTED, 'again')).metadata.toJSON()).toEqual({});
  });

  it('is INTERNAL for an error of another class', () => {
    expect(toGrpcStatus(new Error('bug'))).toMatchObject({ code: Code.INTERNAL, details: 'bug' });
  });

  it('stays small enough for a trailer', () => {
    const violations = Array.from({ length: 500 }, (_, i) => ({ field: `spec.tasks[${i}].name`, description: 'value is required', rule: 'required' }));
    const status = toGrpcStatus(new StigmerError(Code.INVALID_ARGUMENT, 'ä'.repeat(5000), { details: [{ type: 'BadRequest', violations }] }));
    const back = fromGrpcStatus(status);
    expect(Buffer.byteLength(status.details)).toBeLessThan(2100);
    expect(status.details).toMatch(/^ä+…$/);
    expect((status.metadata.get('grpc-status-details-bin')[0] as Buffer).length).toBeLessThan(6000);
    expect(back.violations[0]).toEqual(violations[0]);
    expect(back.violations.length).toBeGreaterThan(10);
  });

  it('keeps code and message when the trailer cannot be read', () => {
    const metadata = new Metadata();
    metadata.set('grpc-status-details-bin', Buffer.from([255, 255]));
    expect(fromGrpcStatus({ code: 5, details: 'gone', metadata })).toMatchObject({ code: Code.NOT_FOUND, message: 'gone', details: [] });
  });

  it('is read from the error that a client gets', () => {
    const status = toGrpcStatus(invalidArgument('spec', 'must be there'));
    const thrown = Object.assign(new Error('3 INVALID_ARGUMENT: spec'), status);
    expect(fromGrpcStatus(thrown).violations).toHaveLength(1);
  });

  it('turns a code that gRPC does not know into UNKNOWN', () => {
    expect(fromGrpcStatus({ code: 99, details: '?' }).code).toBe(Code.UNKNOWN);
    expect(fromGrpcStatus({ ...toGrpcStatus(notFound('Agent', 'x')), code: 0 }).code).toBe(Code.UNKNOWN);
  });
});
