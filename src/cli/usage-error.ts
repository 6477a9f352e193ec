import { Code, ERROR_DOMAIN, StigmerError } from '../contract/errors.js';

/** Reason of an error that is about what was typed. Its metadata has the command whose help tells more. */
export const USAGE = 'USAGE';

/** What was typed is wrong: exit code 2. `command` is the path of the command: `stigmer server start`. */
export function usageError(message: string, command = 'stigmer'): StigmerError {
  return new StigmerError(Code.INVALID_ARGUMENT, message, { details: [{ type: 'ErrorInfo', reason: USAGE, domain: ERROR_DOMAIN, metadata: { command } }] });
}
