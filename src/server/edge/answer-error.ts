import type { Logger } from 'pino';
import { internal, StigmerError } from '../../contract/errors.js';
import { type GrpcStatus, toGrpcStatus } from '../../contract/grpc-status.js';

/**
 * The status that a failed call ends with. What is not a StigmerError is a fault of the server: it is logged with its stack, and the
 * client hears INTERNAL without the text, which may quote data that is not the client's.
 */
export function answerError(error: unknown, method: string, log: Logger): GrpcStatus {
  const known = error instanceof StigmerError ? error : fault(error, method, log);
  const status = toGrpcStatus(known);
  return { ...status, details: wellFormed(status.details) };
}

function fault(error: unknown, method: string, log: Logger): StigmerError {
  log.error({ err: error, method }, 'a handler failed');
  return internal(`${method} failed by a fault of the server. Its log has the details: stigmer server logs -c server`);
}

/** grpc-js puts the text through encodeURI, which throws on half of a surrogate pair and would leave the call without an answer. */
function wellFormed(text: string): string {
  return text.replaceAll(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
}
