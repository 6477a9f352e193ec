import type { FastifyInstance } from 'fastify';
import type { ServerResponse } from 'node:http';
import { invalidArgument, notFound, StigmerError, unavailable } from '../../contract/errors.js';
import type { TokenBook } from '../edge/token-book.js';
import { deliver } from '../executions/deliver.js';
import { openWatch, type ResumeFrom, type WatchContext } from '../executions/watch.js';
import { authenticateRequest } from './guard.js';
import { eventTexts } from './event-text.js';

export interface EventStreamContext extends WatchContext {
  readonly tokens: TokenBook;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
}

/**
 * `GET /v1/executions/:id/events`: one execution as server-sent events, the items of a Watch in the same order, as proto JSON. An event's
 * id is its resume point, `<log id>:<revision>`, which a browser sends back as Last-Event-ID. The last event is `end`.
 */
export function executionEvents(app: FastifyInstance, context: EventStreamContext): void {
  const textOf = eventTexts(context.store.logId);
  app.get<{ Params: { id: string } }>('/v1/executions/:id/events', async (request, reply) => {
    authenticateRequest(context.tokens, request);
    const { id } = request.params;
    const from = parseEventId(request.headers['last-event-id']);
    if ((await context.store.executions.head(id)) === undefined) throw notFound('Execution', id);
    reply.hijack();
    const response = reply.raw;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    const gone = new AbortController();
    response.once('close', () => gone.abort(unavailable('the reader has left')));
    const signal = AbortSignal.any([gone.signal, context.stopping]);
    try {
      await context.watched.during(id, () => deliver((demand) => openWatch(context, id, from, demand), (item) => write(response, textOf(item)), signal));
      response.end();
    } catch (error) {
      // The status has been sent, so that breaking off is all that is left; the reader comes back with its Last-Event-ID.
      if (!gone.signal.aborted) request.log.debug({ err: StigmerError.from(error), execution: id }, 'a stream of events was broken off');
      response.destroy();
    }
  });
}

/** Where a reader was. INVALID_ARGUMENT for a text that is not an id of ours. */
export function parseEventId(text: string | string[] | undefined): ResumeFrom | undefined {
  if (text === undefined || text === '') return undefined;
  const match = /^([^:]+):(\d{1,15})$/.exec(String(text));
  if (match === null) throw invalidArgument('Last-Event-ID', 'must be the id of an event of this stream, <log id>:<revision>');
  return { logId: match[1]!, revision: Number(match[2]) };
}

function write(response: ServerResponse, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(text, (error) => (error == null ? resolve() : reject(error)));
  });
}
