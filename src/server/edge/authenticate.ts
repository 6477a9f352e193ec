import { unauthenticated } from '../../contract/errors.js';
import type { Caller } from '../rpc.js';
import type { ConnectionFacts } from './connections.js';
import type { TokenBook } from './token-book.js';

export interface AuthenticatorOptions {
  readonly tokens: TokenBook;
  /** User id of this process; undefined where there is none (Windows). */
  readonly ownUid: number | undefined;
  /** Name of the local user, for callers that are known by their socket alone. */
  readonly userName: string;
  /** Whether this platform tells who owns a socket. Where it does not, loopback is open to the original's services. */
  readonly ownersKnown: boolean;
}

/** Says who is calling, or throws UNAUTHENTICATED. */
export type Authenticate = (service: string, authorization: string, connection: ConnectionFacts | undefined) => Caller;

/**
 * Who may come in: a token always says who it is. Without one, or with one that nobody has (the original's clients send a dummy key),
 * the original's services are open on loopback to the server's own user. Our own services want a token.
 */
export function authenticator(options: AuthenticatorOptions): Authenticate {
  const localUser: Caller = { kind: 'user', name: options.userName };
  return (service, authorization, connection) => {
    const token = bearerToken(authorization);
    const known = token === '' ? undefined : options.tokens.callerOf(token);
    if (connection?.runnersOnly === true) {
      if (known?.kind === 'runner') return known;
      throw unauthenticated('This address takes the tokens of runners only. Call the server at its loopback address instead.');
    }
    if (known !== undefined) return known;
    if (needsToken(service)) {
      throw unauthenticated(
        `${service} needs a token: ${token === '' ? 'none was sent' : 'the one that was sent is nobody’s'}. ` +
          "Send 'authorization: Bearer <token>' with the token from tokens/user in the server's state folder.",
      );
    }
    if (isOwnUser(connection, options)) return localUser;
    throw unauthenticated(
      'The caller is not the user that runs this server. ' +
        "Send 'authorization: Bearer <token>' with the token from tokens/user in the server's state folder.",
    );
  };
}

/** The original's services, and gRPC's own for health and reflection, are there for clients that have no token. */
function needsToken(service: string): boolean {
  return !service.startsWith('ai.stigmer.') && !service.startsWith('grpc.');
}

function isOwnUser(connection: ConnectionFacts | undefined, options: AuthenticatorOptions): boolean {
  if (connection === undefined || !connection.loopback) return false;
  if (!options.ownersKnown) return true;
  return connection.owner !== undefined && connection.owner === options.ownUid;
}

/** The token of an `authorization` header, or ''. The scheme's case does not count (RFC 9110). */
export function bearerToken(authorization: string): string {
  return /^bearer +(\S+)\s*$/i.exec(authorization)?.[1] ?? '';
}
