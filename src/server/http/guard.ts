import type { FastifyRequest } from 'fastify';
import { permissionDenied, unauthenticated } from '../../contract/errors.js';
import { bearerToken } from '../edge/authenticate.js';
import type { TokenBook } from '../edge/token-book.js';
import type { Caller } from '../rpc.js';

const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/**
 * Refuses requests that a web page of somebody else has made the browser send: by a name that only resolves to this machine (Host), or
 * from another page (Origin).
 */
export function assertLocalPage(request: FastifyRequest): void {
  const { host = '', origin } = request.headers;
  if (!LOOPBACK_HOST.test(host)) throw permissionDenied(`this server is not ${host || 'what the request names'}: call it as localhost or 127.0.0.1`);
  if (origin === undefined) return;
  if (!LOOPBACK_HOST.test(hostOf(origin))) throw permissionDenied(`pages of ${origin} may not call this server`);
}

function hostOf(origin: string): string {
  try {
    return new URL(origin).host;
  } catch {
    return origin;
  }
}

/** Who sends a request, by its token. UNAUTHENTICATED without one that somebody has, PERMISSION_DENIED for a runner's. */
export function authenticateRequest(tokens: TokenBook, request: FastifyRequest): Caller {
  const caller = tokens.callerOf(bearerToken(request.headers.authorization ?? ''));
  if (caller === undefined) {
    throw unauthenticated("this path needs a token: send 'authorization: Bearer <token>' with the token from tokens/user in the server's state folder");
  }
  if (caller.kind !== 'user') throw permissionDenied(`the token of ${caller.name} is for its work only; this path takes the user's`);
  return caller;
}
