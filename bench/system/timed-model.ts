import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Microseconds of the machine's own clock: the same in every process. */
export function machineTimeUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** Finds the tokens of a TimedModel in a text, each with its number and the time at which it was written. */
export function* tokensIn(text: string): Generator<{ readonly number: number; readonly atUs: number }> {
  for (const [, number, atUs] of text.matchAll(/@(\d+):(\d+)@/g)) yield { number: Number(number), atUs: Number(atUs) };
}

export interface ModelRun {
  readonly firstRequestUs: number;
  readonly lastByteUs: number;
}

/** A model that speaks OpenAI's protocol and says, token by token, at what time it wrote each. */
export class TimedModel {
  readonly #server: Server;
  readonly #tokens: number;
  readonly #tokenMs: number;
  #run: ModelRun | undefined;

  private constructor(tokens: number, tokenMs: number) {
    this.#tokens = tokens;
    this.#tokenMs = tokenMs;
    this.#server = createServer((request, response) => {
      request.resume();
      if (request.url?.endsWith('/chat/completions') === true) void this.#answer(response);
      else response.writeHead(200, { 'content-type': 'application/json' }).end('{"object":"list","data":[{"id":"timed","object":"model"}]}');
    });
  }

  static async start(options: { readonly tokens: number; readonly tokenMs: number }): Promise<TimedModel> {
    const model = new TimedModel(options.tokens, options.tokenMs);
    await new Promise<void>((resolve) => model.#server.listen(0, '127.0.0.1', resolve));
    return model;
  }

  /** `http://127.0.0.1:PORT/v1` */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** When the latest answer was asked for, and its last byte written. */
  get run(): ModelRun | undefined {
    return this.#run;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(response: ServerResponse): Promise<void> {
    const firstRequestUs = machineTimeUs();
    response.socket?.setNoDelay(true);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const write = (delta: object, finish: string | null = null): boolean => {
      const chunk = { id: 'timed', object: 'chat.completion.chunk', created: 0, model: 'timed', choices: [{ index: 0, delta, finish_reason: finish }] };
      return response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    };
    write({ role: 'assistant', content: '' });
    for (let number = 1; number <= this.#tokens; number += 1) {
      await delay(this.#tokenMs);
      write({ content: `@${number}:${machineTimeUs()}@ ` });
    }
    write({}, 'stop');
    response.end('data: [DONE]\n\n');
    this.#run = { firstRequestUs, lastByteUs: machineTimeUs() };
  }
}
