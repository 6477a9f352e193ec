import type { Clock } from '../../contract/clock.js';
import { StigmerError, unavailable } from '../../contract/errors.js';
import { type Endpoint, formatAddress } from '../wiring/network.js';
import { Forwarder } from './forwarder.js';
import { OwnAddresses } from './own-addresses.js';
import type { ContainerEngine } from './engine.js';
import type { ContainerNetwork } from './network.js';

/** Something on this machine's loopback that containers need. */
export interface Forwarded {
  readonly endpoint: Endpoint;
  /** It is ours and listens on loopback alone. Something of others may listen on every address, and is reached without our help then. */
  readonly ours: boolean;
}

export interface ContainerSiteOptions {
  readonly engine: ContainerEngine;
  readonly network: ContainerNetwork;
  /** What is needed there, by the same port. */
  readonly forwarded: readonly Forwarded[];
  /** Label of our containers, with its value. */
  readonly label: string;
  readonly clock: Clock;
  readonly notice: (text: string) => void;
}

/** What containers on a bridge network need of this machine beside the server: a way to what listens on loopback alone. */
export class ContainerSite {
  readonly #options: ContainerSiteOptions;
  #open: Promise<readonly Forwarder[]> | undefined;

  constructor(options: ContainerSiteOptions) {
    this.#options = options;
  }

  /** Opens it, once. Throws StigmerError UNAVAILABLE naming the address that cannot be listened at. */
  async open(): Promise<void> {
    this.#open ??= this.#listen();
    try {
      await this.#open;
    } catch (error) {
      this.#open = undefined;
      throw error;
    }
  }

  /** Closes it and removes the network. The next start makes another one. */
  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    // What could not be opened has said so to whoever opened it.
    const forwarders = await open.catch(() => []);
    await Promise.all(forwarders.map((forwarder) => forwarder.close()));
    const { engine, network, notice } = this.#options;
    await engine.run(['network', 'rm', network.name]).catch((error: unknown) => notice(`the container network ${network.name} is left: ${StigmerError.from(error).message}`));
  }

  async #listen(): Promise<readonly Forwarder[]> {
    const { engine, label, clock, network, notice } = this.#options;
    const addresses = new OwnAddresses(engine, label, clock);
    const forwarders: Forwarder[] = [];
    for (const { endpoint: to, ours } of this.#options.forwarded) {
      const listen = { host: network.gateway, port: to.port };
      const onRefused = (address: string): void => notice(`${address} wanted to reach ${formatAddress(to)} by ${formatAddress(listen)} and is no container of ours: refused`);
      const forwarder = new Forwarder({ listen, to, admits: (address) => addresses.has(address), onRefused });
      try {
        await forwarder.listen();
        forwarders.push(forwarder);
      } catch (error) {
        if (!ours && (error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue;
        await Promise.all(forwarders.map((other) => other.close()));
        throw unavailable(`containers cannot reach ${formatAddress(to)}: ${formatAddress(listen)} cannot be listened at: ${StigmerError.from(error).message}`, { cause: error });
      }
    }
    return forwarders;
  }
}
