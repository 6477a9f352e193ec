import type { Component } from './component.js';
import type { ComponentStatus } from './control.js';
import type { SupervisedState } from './supervision/supervised-state.js';

/** What is told of a component when it changes: all but what takes a look at the machine. */
export function componentStatus({ name, managed, facts }: Component): ComponentStatus {
  const { state, since, restarts, pid, lastError } = managed.status();
  const { address, version, detail, container } = facts();
  const said = state.kind === 'ready' ? detail : detailOf(state);
  return {
    name,
    state: state.kind,
    since: new Date(since).toISOString(),
    restarts,
    ...(said === undefined ? {} : { detail: said }),
    ...(address === undefined ? {} : { address }),
    // The process of a container is its engine's client, which is nobody's concern.
    ...(pid === undefined || container !== undefined ? {} : { pid }),
    ...(container === undefined || pid === undefined ? {} : { container }),
    ...(lastError === undefined ? {} : { lastError: `${new Date(lastError.at).toISOString()} ${lastError.text}` }),
    ...(version === undefined ? {} : { version }),
  };
}

/** {@link componentStatus} with the memory that the component takes. */
export async function measuredStatus(component: Component): Promise<ComponentStatus> {
  const status = componentStatus(component);
  const memoryBytes = await component.memory();
  return memoryBytes === undefined ? status : { ...status, memoryBytes };
}

function detailOf(state: SupervisedState): string | undefined {
  switch (state.kind) {
    case 'starting':
      return state.waitingFor;
    case 'unhealthy':
    case 'failed':
      return state.reason;
    case 'backing-off':
      return `started again at ${new Date(state.until).toISOString()}: it ${state.reason}`;
    default:
      return undefined;
  }
}
