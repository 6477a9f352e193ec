import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { unavailable } from '../../contract/errors.js';
import { type ComponentStatesContext, missing, readiness } from '../system/component-states.js';
import { type EventStreamContext, executionEvents } from './execution-events.js';
import { assertLocalPage } from './guard.js';
import { answerProblems } from './problem.js';

export interface HttpContext extends EventStreamContext {
  readonly log: Logger;
  readonly registry: Registry;
  readonly system: ComponentStatesContext;
}

/** The server's HTTP side: whether it is alive and ready, its metrics, and executions as server-sent events. On loopback only. */
export function createHttpServer(context: HttpContext): FastifyInstance {
  const app = fastify({ logger: false, forceCloseConnections: true, bodyLimit: 64 * 1024, routerOptions: { maxParamLength: 200 } });
  answerProblems(app, context.log);
  app.addHook('onRequest', async (request) => assertLocalPage(request));
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const waitingFor = missing(context.system);
    const components = readiness(context.system);
    return reply.code(waitingFor.length === 0 ? 200 : 503).send({ ready: waitingFor.length === 0, missing: waitingFor, components });
  });
  app.get('/metrics', async (_request, reply) => reply.type(context.registry.contentType).send(await context.registry.metrics()));
  executionEvents(app, context);
  return app;
}

/** Listens on loopback; gives the port. UNAVAILABLE when it is taken. */
export async function listenHttp(app: FastifyInstance, port: number): Promise<number> {
  try {
    await app.listen({ host: '127.0.0.1', port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw unavailable(`Port ${port} on 127.0.0.1 is taken by another program. Give another one in HTTP_PORT, or stop that program.`, {
      reason: 'PORT_TAKEN',
      metadata: { host: '127.0.0.1', port: String(port) },
      cause: error,
    });
  }
  return (app.server.address() as AddressInfo).port;
}
