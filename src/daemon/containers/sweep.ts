import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EnvironmentSource } from '../../contract/environment.js';
import { StigmerError } from '../../contract/errors.js';
import type { Home } from '../home.js';
import { ContainerEngine } from './engine.js';
import { COMPONENT_LABEL, HOME_LABEL } from './names.js';
import { removeNetworks } from './network.js';
import { containerFolder, containersFolder } from './runner-files.js';

/** Variables that an engine's command line is run with: where it finds itself, its settings and its server. */
const ENGINE_VARIABLES = /^(PATH|HOME|TMPDIR|XDG_\w+|DOCKER_\w+|CONTAINER_\w+|CONTAINERS_\w+)$/;

/** What of `env` an engine's command line is run with. */
export function engineEnvironment(env: EnvironmentSource): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value !== undefined && ENGINE_VARIABLES.test(name) ? [[name, value]] : [])));
}

/** Notes by which engine a component's container is run, for whoever has to sweep it. */
export async function noteEngine(home: Home, component: string, engine: ContainerEngine): Promise<void> {
  await writeFile(join(containerFolder(home, component), 'engine'), `${engine.command.file}\n`, { mode: 0o600 });
}

/** Removes the containers of one component of a home. Gives the names of those that there were. */
export async function removeLeft(engine: ContainerEngine, home: Home, component: string): Promise<string[]> {
  const ofComponent = new Set(await engine.withLabel(`${COMPONENT_LABEL}=${component}`));
  const left = (await engine.withLabel(`${HOME_LABEL}=${home.root}`)).filter((name) => ofComponent.has(name));
  await engine.remove(left);
  return left;
}

/** Removes the containers and networks that a supervisor which is gone has left, and gives the containers' names. Throws StigmerError when the engine does not answer. */
export async function sweepContainers(home: Home, env: EnvironmentSource): Promise<string[]> {
  const swept: string[] = [];
  const engines = new Map<string, ContainerEngine>();
  for (const component of await noted(home)) {
    try {
      const file = (await readFile(join(containerFolder(home, component), 'engine'), 'utf8')).trim();
      const engine = new ContainerEngine({ file, env: engineEnvironment(env) });
      const removed = await removeLeft(engine, home, component);
      swept.push(...removed.map((name) => `the container ${name}`));
      engines.set(file, engine);
    } catch (error) {
      // It was noted before it could be started, and nothing of it is left.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw new StigmerError(StigmerError.from(error).code, `the container of ${component} may be left running: ${StigmerError.from(error).message}`, { cause: error });
    }
  }
  for (const engine of engines.values()) await removeNetworks(engine, home);
  await rm(containersFolder(home), { recursive: true, force: true });
  return swept;
}

async function noted(home: Home): Promise<string[]> {
  try {
    return await readdir(containersFolder(home));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
