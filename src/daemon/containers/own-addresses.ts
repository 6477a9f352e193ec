import type { Clock } from '../../contract/clock.js';
import type { ContainerEngine } from './engine.js';

/** How soon the engine is asked again about an address that is none of ours, in milliseconds. */
const REREAD_MS = 500;

/** Knows at which addresses our own containers are, by asking the engine for those with our label. */
export class OwnAddresses {
  readonly #engine: ContainerEngine;
  readonly #label: string;
  readonly #clock: Clock;
  #known = new Set<string>();
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(engine: ContainerEngine, label: string, clock: Clock) {
    this.#engine = engine;
    this.#label = label;
    this.#clock = clock;
  }

  /** Whether one of our containers is at `address` now. */
  async has(address: string): Promise<boolean> {
    // Always as it is now: an address that we gave up may be another's.
    if (this.#clock.now() - this.#askedAt >= REREAD_MS || !this.#known.has(address)) await this.#ask();
    return this.#known.has(address);
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#read().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #read(): Promise<void> {
    try {
      const names = await this.#engine.withLabel(this.#label);
      const format = '{{range .NetworkSettings.Networks}}{{println .IPAddress}}{{end}}';
      const addresses = names.length === 0 ? '' : await this.#engine.run(['inspect', '--type', 'container', '--format', format, ...names]);
      this.#known = new Set(addresses.split('\n').filter((address) => address !== ''));
      this.#askedAt = this.#clock.now();
    } catch {
      // One of them ended between the two questions, or the engine is gone: nobody is known to be ours.
      this.#known = new Set();
    }
  }
}
