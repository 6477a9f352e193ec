import type { SeenComponent, ServerView } from '../server-view.js';

/** What the server said of a lease when it was last held. */
export interface LeaseSight {
  seen: SeenComponent | undefined;
}

/** Which process a lease must be of: one of this machine by its id, one in a container by the name that it has for itself. */
export interface Holder {
  readonly pid?: number;
  readonly host?: string;
}

/**
 * Ready when the server says that this very process holds a lease under `name`. Nothing the program says of itself counts: its reports
 * take the way that the lease has proven.
 *
 * @param sight takes what was seen, for status
 * @throws Error naming the server's address and what it says
 */
export async function holdsLease(server: ServerView, name: string, holder: Holder, sight: LeaseSight, signal: AbortSignal): Promise<void> {
  const components = await server.components(signal);
  const found = components.find((component) => component.name === name);
  // A lease of the process before this one is still listed for a moment.
  const isOurs = (holder.pid === undefined || found?.pid === holder.pid) && (holder.host === undefined || found?.host === holder.host);
  const held = found?.state === 'ready' && isOurs;
  sight.seen = held ? found : undefined;
  if (held) return;
  const who = holder.host === undefined ? `pid ${holder.pid ?? 'unknown'}` : `container ${holder.host}`;
  throw new Error(`the server at http://${server.address} has given no lease to ${name} (${who}): it has not called back`);
}
