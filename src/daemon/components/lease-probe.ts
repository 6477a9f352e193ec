import type { SeenComponent, ServerView } from '../server-view.js';

/** What the server said of a lease when it was last held. */
export interface LeaseSight {
  seen: SeenComponent | undefined;
}

/**
 * Ready when the server says that the process with this pid holds a lease under `name`. Nothing the program says of itself counts:
 * its reports take the way that the lease has proven.
 *
 * @param sight takes what was seen, for status
 * @throws Error naming the server's address and what it says
 */
export async function holdsLease(server: ServerView, name: string, pid: number, sight: LeaseSight, signal: AbortSignal): Promise<void> {
  const components = await server.components(signal);
  const found = components.find((component) => component.name === name);
  // A lease of the process before this one is still listed for a moment.
  const held = found?.state === 'ready' && (found.pid === undefined || found.pid === pid);
  sight.seen = held ? found : undefined;
  if (held) return;
  throw new Error(`the server at http://${server.address} has given no lease to ${name} (pid ${pid}): it has not called back`);
}
