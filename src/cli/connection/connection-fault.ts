const FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host name cannot be looked up',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'no answer',
};

/** The few words of a lost or refused connection's error that say something. */
export function connectionFault(text: string): string {
  const code = /\b(E[A-Z_]{4,})\b/.exec(text)?.[1];
  const known = code === undefined ? undefined : FAULTS[code];
  return known ?? text.replace(/^no answer from the server at \S+: /, '');
}
