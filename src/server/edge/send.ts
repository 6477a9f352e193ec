import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import type { Send } from '../rpc.js';
import type { CallScope } from './call-scope.js';

/**
 * A Send on a grpc-js stream. It resolves by the write's callback, which comes when HTTP/2 has taken the message: `write` itself answers
 * true for sixteen messages whatever their size, so sixteen stale ones would lie between a slow reader and the newest. After a
 * cancellation grpc-js calls back no more, neither the write nor `drain`, so what is under way is rejected by the call's scope.
 */
export function sender<O>(call: ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>, scope: CallScope): Send<O> {
  const underWay = new Set<(reason: Error) => void>();
  scope.onOver((reason) => {
    for (const reject of underWay) reject(reason);
    underWay.clear();
  });
  return (message) => {
    if (scope.over !== undefined) return Promise.reject(scope.over);
    scope.sendHeaders();
    return new Promise((resolve, reject) => {
      underWay.add(reject);
      call.write(message, (error?: Error | null) => {
        underWay.delete(reject);
        if (error == null) resolve();
        else reject(error);
      });
    });
  };
}
