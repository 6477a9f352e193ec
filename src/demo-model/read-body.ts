import type { IncomingMessage } from 'node:http';

/** Bytes; room for a long conversation with pictures in it. */
const limit = 32 * 1024 * 1024;

/** A request's body; or the reason why there is none to answer: too large for us, or the client left before its end. */
export type ReceivedBody = { body: unknown } | { tooLarge: string } | { gone: true };

/** Reads the body: parsed when it is JSON, as text when it is not, undefined when it is empty. */
export async function readBody(request: IncomingMessage): Promise<ReceivedBody> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Destroying the request at an early return would take the answer's connection with it.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) return { tooLarge: `the request has at least ${size} bytes, the limit is ${limit} bytes` };
      chunks.push(chunk);
    }
  } catch {
    // A request's stream fails in one way only: the client is gone, and nobody is left to be told.
    return { gone: true };
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (text === '') return { body: undefined };
  try {
    return { body: JSON.parse(text) };
  } catch {
    return { body: text };
  }
}
