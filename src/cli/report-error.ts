import { UNREACHABLE } from '../client/unreachable.js';
import { Code, type StigmerError } from '../contract/errors.js';
import type { Format } from './command.js';
import { connectionFault } from './connection/connection-fault.js';
import { jsonText } from './terminal/json.js';
import { cyan, type Output, red } from './terminal/output.js';
import { USAGE } from './usage-error.js';

/** What is known of the circumstances of an error. */
export interface Circumstances {
  readonly format: Format;
  /** With causes and stacks. */
  readonly debug: boolean;
  /** Where the server's address came from, when it is known. */
  readonly addressSource?: string;
}

/** Writes an error: for a person, what failed and what to do; else as one line of JSON. */
export async function reportError(err: Output, error: StigmerError, circumstances: Circumstances): Promise<void> {
  const { message, remedies } = forPerson(error, circumstances.addressSource);
  if (circumstances.format === 'text' || circumstances.format === 'yaml') {
    // What measures text is slow to load, and most commands end without an error.
    const { writeParagraph } = await import('./terminal/text-flow.js');
    if (!err.atLineStart) err.line();
    writeParagraph(err, '✗ ', message, { prefixStyle: 'red' });
    for (const remedy of remedies) err.line('  → ', cyan(remedy));
  } else {
    err.line(jsonText({ error: { code: error.codeName, ...(error.reason === undefined ? {} : { reason: error.reason }), message, remedies, violations: error.violations } }));
  }
  if (circumstances.debug) writeCauses(err, error);
}

function forPerson(error: StigmerError, addressSource: string | undefined): { message: string; remedies: string[] } {
  const detail = error.details.find((one) => one.type === 'ErrorInfo');
  if (error.reason === USAGE) return { message: error.message, remedies: [`${detail?.metadata['command'] ?? 'stigmer'} --help`] };
  if (error.reason === UNREACHABLE) {
    const endpoint = detail?.metadata['endpoint'] ?? '';
    const from = addressSource === undefined || addressSource === 'default' ? '' : `; the address is from ${addressSource}`;
    return { message: `server not reachable at ${endpoint}: start it with \`stigmer server start\` (${connectionFault(error.message)}${from})`, remedies: [] };
  }
  if (error.code === Code.UNAUTHENTICATED) return { message: error.message, remedies: ['stigmer server status', 'set STIGMER_TOKEN to a token of that server'] };
  return { message: error.message, remedies: [] };
}

function writeCauses(err: Output, error: StigmerError): void {
  let cause: unknown = error;
  while (cause instanceof Error) {
    err.line(red(cause.stack ?? cause.message));
    cause = cause.cause;
    if (cause !== undefined) err.line('caused by');
  }
}
