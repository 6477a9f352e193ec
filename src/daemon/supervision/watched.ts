import type { Clock } from '../../contract/clock.js';
import { cancelled, unavailable } from '../../contract/errors.js';
import type { Probe } from './probe.js';
import { probeOnce } from './probe.js';
import { sleep } from './sleep.js';
import type { SupervisedState, SupervisedStatus, SupervisedTimings } from './supervised-state.js';
import { DEFAULT_TIMINGS } from './supervised-state.js';

/** A service that others run, to be watched. */
export interface WatchedOptions {
  readonly name: string;
  readonly probe: Probe;
  readonly clock: Clock;
  readonly timings?: Partial<SupervisedTimings>;
}

/** Watches a service that is not ours to start or stop, with the face of a supervised component. */
export class Watched {
  readonly #options: WatchedOptions;
  readonly #timings: SupervisedTimings;
  readonly #listeners = new Set<(status: SupervisedStatus) => void>();
  #state: SupervisedState = { kind: 'stopped' };
  #since: number;
  #lastError: SupervisedStatus['lastError'];
  #over: AbortController | undefined;
  #done: Promise<void> = Promise.resolve();
  #started: Promise<void> = Promise.resolve();

  constructor(options: WatchedOptions) {
    this.#options = options;
    this.#timings = { ...DEFAULT_TIMINGS, ...options.timings };
    this.#since = options.clock.now();
  }

  status(): SupervisedStatus {
    const { name } = this.#options;
    return { name, state: this.#state, since: this.#since, restarts: 0, ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }) };
  }

  onState(listener: (status: SupervisedStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins to watch, and resolves when the service answers. Throws StigmerError UNAVAILABLE when it does not in time. */
  start(): Promise<void> {
    if (this.#over === undefined || this.#state.kind === 'failed') {
      const over = new AbortController();
      this.#over = over;
      this.#started = this.#untilReady(over.signal);
      this.#done = this.#started.then(
        () => this.#watch(over.signal),
        () => undefined,
      );
    }
    return this.#started;
  }

  async stop(): Promise<void> {
    if (this.#over === undefined) return;
    this.#over.abort();
    await this.#done;
    this.#over = undefined;
    this.#enter({ kind: 'stopped' });
  }

  async #untilReady(over: AbortSignal): Promise<void> {
    const { clock, name, probe } = this.#options;
    const { startTimeoutMs, startProbeEveryMs, probeTimeoutMs } = this.#timings;
    const readyBy = clock.now() + startTimeoutMs;
    this.#enter({ kind: 'starting' });
    let waitingFor: string | undefined;
    for (;;) {
      const why = await probeOnce(probe, clock, probeTimeoutMs, over);
      if (over.aborted) throw cancelled(`${name} was stopped before it was ready`);
      if (why === undefined) break;
      if (clock.now() >= readyBy) {
        this.#lastError = { at: clock.now(), text: why };
        const reason = `${name} does not answer within ${startTimeoutMs / 1_000} s: ${why}`;
        this.#enter({ kind: 'failed', reason });
        throw unavailable(reason);
      }
      if (why !== waitingFor) this.#enter({ kind: 'starting', waitingFor: why });
      waitingFor = why;
      await sleep(clock, startProbeEveryMs, over);
    }
    this.#enter({ kind: 'ready' });
  }

  async #watch(over: AbortSignal): Promise<void> {
    const { clock, probe } = this.#options;
    const { probeEveryMs, probeTimeoutMs, failuresUntilUnhealthy } = this.#timings;
    let failures = 0;
    for (;;) {
      await sleep(clock, probeEveryMs, over);
      const why = await probeOnce(probe, clock, probeTimeoutMs, over);
      if (over.aborted) return;
      failures = why === undefined ? 0 : failures + 1;
      if (why === undefined && this.#state.kind !== 'ready') this.#enter({ kind: 'ready' });
      if (why !== undefined && failures === failuresUntilUnhealthy) {
        this.#lastError = { at: clock.now(), text: why };
        this.#enter({ kind: 'unhealthy', reason: why });
      }
    }
  }

  #enter(state: SupervisedState): void {
    this.#state = state;
    this.#since = this.#options.clock.now();
    const status = this.status();
    for (const listener of this.#listeners) listener(status);
  }
}
