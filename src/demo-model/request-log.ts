import type { IncomingHttpHeaders } from 'node:http';
import { cancelled } from '../contract/errors.js';

/** How a request ended: answered in full, given up by the client, or cut by the script or by closing the server. */
export type Outcome = 'answered' | 'aborted' | 'cut';

/** A request as the server got it. */
export interface RecordedRequest {
  method: string;
  /** Without the query. */
  path: string;
  headers: IncomingHttpHeaders;
  /** Parsed JSON; the text itself when it is none; undefined for an empty body. */
  body: unknown;
  /** The client closed the connection before the answer was complete. */
  readonly aborted: boolean;
  /** Resolves when the request has ended. Never rejects. */
  ended: Promise<Outcome>;
}

/** The newest requests, for tests to look at and to wait for. */
export class RequestLog {
  readonly requests: RecordedRequest[] = [];
  readonly #keep: number;
  #waiting: { path: string | undefined; resolve: (request: RecordedRequest) => void; reject: (error: Error) => void }[] = [];
  #notTaken: RecordedRequest[] = [];

  /** Keeps the newest `keep` requests. */
  constructor(keep: number) {
    this.#keep = keep;
  }

  /** Adds a request; the function returned says how it ended. */
  add(given: Pick<RecordedRequest, 'method' | 'path' | 'headers' | 'body'>): (outcome: Outcome) => void {
    let settle: (outcome: Outcome) => void = () => undefined;
    let outcome: Outcome | undefined;
    const request: RecordedRequest = {
      ...given,
      get aborted() {
        return outcome === 'aborted';
      },
      ended: new Promise((resolve) => {
        settle = resolve;
      }),
    };
    for (const list of [this.requests, this.#notTaken]) {
      list.push(request);
      if (list.length > this.#keep) list.shift();
    }
    const waiting = this.#waiting.find(({ path }) => path === undefined || path === request.path);
    if (waiting) {
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      this.#take(request);
      waiting.resolve(request);
    }
    return (ended) => {
      outcome = ended;
      settle(ended);
    };
  }

  /** The next request that no earlier call has given out, of `path` if given; one that has come already counts. */
  next(path?: string): Promise<RecordedRequest> {
    const found = this.#notTaken.find((request) => path === undefined || path === request.path);
    if (found) {
      this.#take(found);
      return Promise.resolve(found);
    }
    return new Promise((resolve, reject) => this.#waiting.push({ path, resolve, reject }));
  }

  /** Fails those who still wait. */
  close(): void {
    for (const { reject } of this.#waiting) reject(cancelled('the model server was closed before another request came'));
    this.#waiting = [];
  }

  #take(request: RecordedRequest): void {
    this.#notTaken = this.#notTaken.filter((other) => other !== request);
  }
}
