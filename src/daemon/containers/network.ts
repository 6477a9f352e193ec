import { internal } from '../../contract/errors.js';
import type { Home } from '../home.js';
import type { ContainerEngine } from './engine.js';
import { HOME_LABEL, homeName } from './names.js';

/** A bridge network of our own. */
export interface ContainerNetwork {
  readonly name: string;
  /** This machine's address on it. */
  readonly gateway: string;
}

/**
 * The network of a home, made when it is not there. Containers on the default bridge of the engine, which anyone may start, are not on it.
 *
 * @throws StigmerError when the engine does not make it, or tells no gateway
 */
export async function ensureNetwork(engine: ContainerEngine, home: Home): Promise<ContainerNetwork> {
  const name = homeName(home);
  if (!(await networksOf(engine, home)).includes(name)) await engine.run(['network', 'create', '--label', `${HOME_LABEL}=${home.root}`, name]);
  const gateway = gatewayOf(await engine.run(['network', 'inspect', name]));
  if (gateway === undefined) throw internal(`the container network ${name} has no gateway: remove it with \`${engine.command.file} network rm ${name}\` and start again`);
  return { name, gateway };
}

/** Removes the networks of a home. No container may be on them any more. */
export async function removeNetworks(engine: ContainerEngine, home: Home): Promise<void> {
  for (const name of await networksOf(engine, home)) await engine.run(['network', 'rm', name]);
}

async function networksOf(engine: ContainerEngine, home: Home): Promise<string[]> {
  const names = await engine.run(['network', 'ls', '--filter', `label=${HOME_LABEL}=${home.root}`, '--format', '{{.Name}}']);
  return names.split('\n').filter((name) => name !== '');
}

/** Docker and Podman describe a network in different words. The IPv4 gateway: the server listens there beside its loopback. */
function gatewayOf(inspected: string): string | undefined {
  const [network] = JSON.parse(inspected) as [NetworkDescription?];
  const gateways = [...(network?.IPAM?.Config ?? []).map(({ Gateway }) => Gateway), ...(network?.subnets ?? []).map(({ gateway }) => gateway)];
  return gateways.find((gateway) => gateway !== undefined && gateway.includes('.'));
}

interface NetworkDescription {
  readonly IPAM?: { readonly Config?: readonly { readonly Gateway?: string }[] };
  readonly subnets?: readonly { readonly gateway?: string }[];
}
