import type { Logger } from 'pino';
import type { Clock } from '../../contract/clock.js';
import type { TemporalClient } from '../../workflows/client.js';

/** How often Temporal is asked for a sign of life. */
const PERIOD_MS = 2_000;

/** Keeps an eye on Temporal, and tells when it comes back. */
export class TemporalMonitor {
  readonly #temporal: TemporalClient;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #onBack: () => void;
  #cancelTimer: () => void = () => undefined;
  #connected = false;
  #stopped = false;

  constructor(temporal: TemporalClient, clock: Clock, log: Logger, onBack: () => void) {
    this.#temporal = temporal;
    this.#clock = clock;
    this.#log = log;
    this.#onBack = onBack;
  }

  start(): void {
    void this.#ask();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
  }

  async #ask(): Promise<void> {
    const { address } = this.#temporal;
    try {
      await this.#temporal.health();
      if (!this.#connected) {
        this.#log.info({ address }, 'Temporal answers');
        this.#onBack();
      }
      this.#connected = true;
    } catch (error) {
      if (this.#connected) this.#log.warn({ err: error, address }, 'Temporal does not answer any more');
      this.#connected = false;
    }
    if (!this.#stopped) this.#cancelTimer = this.#clock.setTimer(PERIOD_MS, () => void this.#ask());
  }
}
