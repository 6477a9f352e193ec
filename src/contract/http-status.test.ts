import { expect, it } from 'vitest';
import { Code } from './errors.js';
import { httpStatus } from './http-status.js';

it('gives every code an HTTP status that says whose fault it is', () => {
  for (const code of Object.values(Code)) expect(httpStatus(code)).toBeGreaterThanOrEqual(200);
  const clientFaults = [Code.INVALID_ARGUMENT, Code.NOT_FOUND, Code.ALREADY_EXISTS, Code.PERMISSION_DENIED, Code.UNAUTHENTICATED, Code.FAILED_PRECONDITION];
  for (const code of clientFaults) expect(Math.floor(httpStatus(code) / 100)).toBe(4);
  for (const code of [Code.INTERNAL, Code.UNAVAILABLE, Code.DATA_LOSS, Code.UNKNOWN]) expect(Math.floor(httpStatus(code) / 100)).toBe(5);
});
