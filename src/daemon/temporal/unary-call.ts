import { once } from 'node:events';
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import { connect } from 'node:http2';

/** Flag byte and length of an empty gRPC message. */
const EMPTY_MESSAGE = Buffer.alloc(5);

/**
 * One unary gRPC call in clear with an empty request, whose answer does not matter beyond its status. Over node:http2, because it is
 * all that the supervisor asks of Temporal, and grpc-js would cost it 10 MB for as long as it lives.
 *
 * @param address `host:port`
 * @param method  `/package.Service/Method`
 * @throws Error naming the address and why it does not answer with OK
 */
export async function callUnary(address: string, method: string, signal: AbortSignal): Promise<void> {
  const session = connect(`http://${address}`);
  // Every error also ends what is waited for below, which tells it.
  session.on('error', () => undefined);
  try {
    await once(session, 'connect', { signal });
    const status = await answer(session, method, signal);
    if (status['grpc-status'] === '0') return;
    throw new Error(`${method} answers with ${describe(status)}`);
  } catch (error) {
    throw new Error(`${address}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    session.destroy();
  }
}

/** The headers that hold the status: the trailers, or the only headers of an answer without a message. */
function answer(session: ClientHttp2Session, method: string, signal: AbortSignal): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':method': 'POST', ':path': method, 'content-type': 'application/grpc', te: 'trailers' }, { signal });
    let status: IncomingHttpHeaders = {};
    const take = (headers: IncomingHttpHeaders): void => {
      if (headers['grpc-status'] !== undefined || headers[':status'] !== undefined) status = headers;
    };
    stream.on('response', take);
    stream.on('trailers', take);
    stream.on('error', reject);
    stream.on('close', () => resolve(status));
    stream.resume();
    stream.end(EMPTY_MESSAGE);
  });
}

function describe(headers: IncomingHttpHeaders): string {
  const status = headers['grpc-status'];
  if (status !== undefined) return `status ${String(status)} ${decodeURIComponent(String(headers['grpc-message'] ?? ''))}`.trim();
  const http = headers[':status'];
  return http === undefined ? 'nothing' : `HTTP status ${http} and no gRPC status`;
}
