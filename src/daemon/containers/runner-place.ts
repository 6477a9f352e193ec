import { failedPrecondition } from '../../contract/errors.js';
import type { Home } from '../home.js';
import type { Network } from '../wiring/network.js';
import type { EngineKind, ContainerEngine } from './engine.js';
import { findEngine } from './find-engine.js';
import { runnerImage } from './names.js';
import { type ContainerNetwork, ensureNetwork } from './network.js';

/** Where agent-runners run, and why there. */
export type RunnersPlace =
  | { readonly kind: 'process'; readonly why: string }
  | {
      readonly kind: 'container';
      readonly why: string;
      readonly engine: ContainerEngine;
      readonly image: string;
      readonly network: Network;
      /** Absent where the engine's own machine hands everything on to this one. */
      readonly bridge?: ContainerNetwork;
    };

export interface RunnersPlaceOptions {
  readonly home: Home;
  /** `auto`: a container where that is possible at once, else a process. */
  readonly mode: 'auto' | 'container' | 'process';
  readonly configuredEngine: string | undefined;
  readonly configuredImage: string | undefined;
  readonly version: string;
  /** What the engine's command line is run with. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Finds out whether agent-runners can run in containers: an engine answers, and the image of this version is there.
 *
 * @throws StigmerError FAILED_PRECONDITION when they must, and cannot
 */
export async function findRunnersPlace(options: RunnersPlaceOptions): Promise<RunnersPlace> {
  const { mode, home, version } = options;
  if (mode === 'process') return { kind: 'process', why: 'a process, as STIGMER_RUNNER_MODE says' };
  const found = await findEngine({ configured: options.configuredEngine, env: options.env });
  if ('none' in found) return processInstead(mode, `no container engine answers (${found.none})`);
  const { engine, kind, description } = found;
  const image = options.configuredImage ?? runnerImage(version);
  if (!(await imageIsThere(engine, image))) {
    return processInstead(mode, `${description} has no image ${image}; \`npm run images\` in a clone of stigmer builds it`);
  }
  const why = `container of ${description}`;
  if (kind === 'docker-desktop') return { kind: 'container', why, engine, image, network: networkOf(kind, '') };
  const bridge = await ensureNetwork(engine, home);
  return { kind: 'container', why, engine, image, bridge, network: networkOf(kind, bridge.gateway) };
}

function networkOf(kind: EngineKind, gateway: string): Network {
  return kind === 'docker-desktop' ? { kind } : { kind: 'bridge', gateway };
}

function processInstead(mode: 'auto' | 'container', reason: string): RunnersPlace {
  if (mode === 'container') throw failedPrecondition(`agent-runners cannot run in containers: ${reason}`, { reason: 'NO_CONTAINERS' });
  return { kind: 'process', why: `a process: ${reason}` };
}

async function imageIsThere(engine: ContainerEngine, image: string): Promise<boolean> {
  const ids = await engine.run(['images', '--quiet', image]);
  return ids !== '';
}
