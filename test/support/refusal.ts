import { inspect } from 'node:util';
import { StigmerError } from '../../src/contract/errors.js';

/** The StigmerError that a call ends with; anything else fails the test. */
export async function refusal(call: Promise<unknown>): Promise<StigmerError> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome && outcome.error instanceof StigmerError) return outcome.error;
  throw new Error(`expected a StigmerError, got ${inspect(outcome)}`, { cause: 'error' in outcome ? outcome.error : undefined });
}
