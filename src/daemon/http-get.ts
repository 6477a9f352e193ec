import { get } from 'node:http';

/** An answer of a small HTTP server of ours. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** More than any answer that is asked for here. */
const MOST_BYTES = 1024 * 1024;

/**
 * GET over plain HTTP. Over node:http, because `fetch` would cost the supervisor 15 MB for as long as it lives.
 *
 * @throws Error with the reason when nothing answers
 */
export function httpGet(url: string, signal: AbortSignal, headers: Readonly<Record<string, string>> = {}): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    // Where several addresses of a name were tried, the error that joins them has no message.
    const fail = (error: NodeJS.ErrnoException): void => reject(new Error(error.message || (error.code ?? 'no answer'), { cause: error }));
    const request = get(url, { signal, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
        if (body.length > MOST_BYTES) request.destroy(new Error(`its answer is longer than ${MOST_BYTES} bytes`));
      });
      response.on('error', fail);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on('error', fail);
  });
}
