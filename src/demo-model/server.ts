import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../contract/clock.js';
import type { Clock } from '../contract/clock.js';
import { unavailable } from '../contract/errors.js';
import type { StigmerError } from '../contract/errors.js';
import * as anthropic from './anthropic.js';
import * as ollama from './ollama.js';
import * as openai from './openai.js';
import type { Protocol } from './protocol.js';
import { readBody } from './read-body.js';
import { RequestLog } from './request-log.js';
import type { RecordedRequest } from './request-log.js';
import { checkScript } from './script.js';
import type { ScriptInput } from './script.js';
import { sendJson, sendTurn } from './send.js';
import { createActor } from './turn.js';

const protocols: Protocol[] = [openai, anthropic, ollama];
const host = '127.0.0.1';

export interface ModelServerOptions {
  script: ScriptInput;
  /** Default: the machine's. */
  clock?: Clock;
  /** Default 0: any free one. */
  port?: number;
  /** In place of the script's own pace; what a rule says itself stays. Milliseconds. */
  pace?: { delay_ms?: number | undefined; token_ms?: number | undefined };
  /** Part of every id that is given out. Default `demo`. */
  seed?: string;
  /** How many requests are kept for {@link ModelServer.requests}. Default 1000. */
  keepRequests?: number;
}

/** A model server that listens. */
export interface ModelServer {
  /** `http://127.0.0.1:PORT`; OpenAI clients want `/v1` after it. */
  url: string;
  /** The newest requests, oldest first. */
  requests: readonly RecordedRequest[];
  /** The next request that no earlier call gave out, of `path` if given; one that came before counts. Rejects on close. */
  nextRequest(path?: string): Promise<RecordedRequest>;
  /** Ends all connections and stops listening. */
  close(): Promise<void>;
}

/** Starts a model server on loopback. Throws INVALID_ARGUMENT for a script that is not valid, UNAVAILABLE when it cannot listen. */
export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const { clock = systemClock, port = 0, pace = {}, seed = 'demo', keepRequests = 1000 } = options;
  const script = checkScript(options.script);
  script.delay_ms = pace.delay_ms ?? script.delay_ms;
  script.token_ms = pace.token_ms ?? script.token_ms;
  const act = createActor(script, seed);
  const log = new RequestLog(keepRequests);
  let closing = false;

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', headers } = request;
    const path = new URL(request.url ?? '/', `http://${host}`).pathname;
    const protocol = method === 'POST' ? protocols.find(({ chatPath }) => chatPath === path) : undefined;
    const { errorBody } = protocol ?? (path.startsWith('/api/') ? ollama : openai);

    const received = await readBody(request);
    if ('gone' in received) return;
    if ('tooLarge' in received) {
      sendJson(response, 413, errorBody(413, received.tooLarge), { connection: 'close' });
      return;
    }
    const { body } = received;
    const settle = log.add({ method, path, headers, body });
    const gone = new AbortController();
    let wasCut = false;
    const cut = (): void => {
      wasCut = true;
      response.destroy();
    };
    response.once('close', () => {
      if (response.writableFinished) settle('answered');
      else settle(wasCut || closing ? 'cut' : 'aborted');
      gone.abort();
    });

    if (!protocol) {
      const found = protocols.map((each) => each.lookUp({ method, path, body, models: script.models })).find(Boolean);
      const served = protocols.map(({ chatPath }) => chatPath).join(', ');
      const message = `the demo model has no ${method} ${path}; conversations are POSTed to ${served}`;
      const { status, body: answer } = found ?? { status: 404, body: errorBody(404, message) };
      sendJson(response, status, answer);
      return;
    }
    const read = protocol.readConversation(body);
    if ('refused' in read) {
      sendJson(response, 400, errorBody(400, read.refused));
      return;
    }
    const { conversation } = read;
    const reply = act(conversation);
    if (!reply) {
      const last = JSON.stringify(conversation.messages.at(-1) ?? null).slice(0, 300);
      sendJson(response, 400, errorBody(400, `no rule of the demo model's script holds; the conversation ends with ${last}`));
      return;
    }
    const answer = { turn: reply.turn, conversation, now: clock.now() };
    await sendTurn({ response, gone: gone.signal, clock, cut }, protocol, answer, reply.manner);
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      const message = `the demo model failed: ${String(error)}`;
      process.emitWarning(message);
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, openai.errorBody(500, message));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(port, error)));
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;

  return {
    url: `http://${host}:${address.port}`,
    requests: log.requests,
    nextRequest: (path) => log.next(path),
    close: async () => {
      closing = true;
      log.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function cannotListen(port: number, cause: NodeJS.ErrnoException): StigmerError {
  const reason = cause.code === 'EADDRINUSE' ? 'another program has this port; choose another, or 0 for any free one' : cause.message;
  return unavailable(`the demo model cannot listen on ${host}:${port}: ${reason}`, { cause });
}
