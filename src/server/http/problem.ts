import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { internal, StigmerError } from '../../contract/errors.js';
import { httpStatus } from '../../contract/http-status.js';

/** Turns errors into answers: status by code, and a body for programs. What is not a StigmerError is logged and not told. */
export function answerProblems(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler(async (error, request, reply) => {
    const known = error instanceof StigmerError ? error : fault(error, `${request.method} ${request.url}`, log);
    await reply.code(httpStatus(known.code)).send({ code: known.codeName, message: known.message, details: known.details });
  });
  app.setNotFoundHandler(async (request, reply) => {
    await reply.code(404).send({ code: 'NOT_FOUND', message: `there is nothing at ${request.method} ${request.url.split('?')[0]}`, details: [] });
  });
}

function fault(error: unknown, request: string, log: Logger): StigmerError {
  log.error({ err: error, request }, 'a request failed');
  return internal(`${request} failed by a fault of the server. Its log has the details: stigmer server logs -c server`);
}
