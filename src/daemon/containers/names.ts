import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Home } from '../home.js';

/** Label that every container and network of a home carries, with the home as its value. */
export const HOME_LABEL = 'ai.stigmer.home';

/** Label with the name of the component that a container is. */
export const COMPONENT_LABEL = 'ai.stigmer.component';

/** `stigmer` for the home that everyone has, and another name for each other one: names are the machine's. */
export function homeName({ root }: Home): string {
  if (root === join(homedir(), '.stigmer')) return 'stigmer';
  return `stigmer-${createHash('sha256').update(root).digest('hex').slice(0, 8)}`;
}

/** Name of the container of a component: `stigmer-agent-runner-1`. */
export function containerName(home: Home, component: string): string {
  return `${homeName(home)}-${component}`;
}

/** The image of an agent-runner of this version of ours. It is built by `npm run images`. */
export function runnerImage(version: string): string {
  return `stigmer/agent-runner:${version}`;
}
