import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';

/**
 * A fetch whose answers end by an error when they are larger than so many bytes, and all of which end with the signal. `onTooLarge` is
 * asked for at each request: the client of the protocol takes such an end for a break of the connection, and waits for more.
 */
export function limitedFetch(mostBytes: number, signal: AbortSignal, onTooLarge: () => (error: Error) => void): FetchLike {
  return async (url, init) => {
    const response = await fetch(url, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, signal]) : signal });
    if (response.body === null) return response;
    const tell = onTooLarge();
    let bytes = 0;
    const limit = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.length;
        if (bytes <= mostBytes) {
          controller.enqueue(chunk);
          return;
        }
        const error = new Error(`it says more than ${mostBytes} bytes in one answer`);
        controller.error(error);
        tell(error);
      },
    });
    return new Response(response.body.pipeThrough(limit), response);
  };
}
