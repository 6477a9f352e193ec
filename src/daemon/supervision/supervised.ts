import type { Clock } from '../../contract/clock.js';
import { cancelled, unavailable } from '../../contract/errors.js';
import type { BackoffOptions } from './backoff.js';
import { Backoff } from './backoff.js';
import { explainExit, withLastLines } from './child-exit.js';
import type { RunningChild } from './child.js';
import type { Probe } from './probe.js';
import { probeOnce } from './probe.js';
import type { RestartBudgetOptions } from './restart-budget.js';
import { RestartBudget } from './restart-budget.js';
import { sleep } from './sleep.js';
import type { SupervisedState, SupervisedStatus, SupervisedTimings } from './supervised-state.js';
import { DEFAULT_TIMINGS } from './supervised-state.js';

/** A component to keep running. */
export interface SupervisedOptions {
  readonly name: string;
  /** Starts one process; called again for each restart. Rejects with the reason when it cannot. Aborted when the start is of no more use. */
  readonly launch: (signal: AbortSignal) => Promise<RunningChild>;
  readonly probe: Probe;
  readonly clock: Clock;
  /** Uniform in [0, 1), for the jitter of the waits. */
  readonly random: () => number;
  readonly timings?: Partial<SupervisedTimings>;
  readonly backoff?: BackoffOptions;
  readonly budget?: RestartBudgetOptions;
  /**
   * How many processes are tried before a component that was never ready is given up. Default 1: what cannot start at all is better
   * told at once. A component that was ready once is restarted within the budget.
   */
  readonly startAttempts?: number;
}

/** How one process of the component ended its life. */
interface LifeEnd {
  readonly wasReady: boolean;
  readonly reason: string;
}

interface Run {
  readonly over: AbortController;
  readonly done: Promise<void>;
}

/** Keeps one component running: starts its process, waits until it is ready, watches it, and starts it again when it ends. */
export class Supervised {
  readonly name: string;
  readonly #options: SupervisedOptions;
  readonly #clock: Clock;
  readonly #timings: SupervisedTimings;
  readonly #backoff: Backoff;
  readonly #budget: RestartBudget;
  readonly #listeners = new Set<(status: SupervisedStatus) => void>();
  #state: SupervisedState = { kind: 'stopped' };
  #since: number;
  #run: Run | undefined;
  #child: RunningChild | undefined;
  #graceMs: number;
  #restarts = 0;
  #lastError: SupervisedStatus['lastError'];
  #lastExit: SupervisedStatus['lastExit'];

  constructor(options: SupervisedOptions) {
    this.name = options.name;
    this.#options = options;
    this.#clock = options.clock;
    this.#timings = { ...DEFAULT_TIMINGS, ...options.timings };
    this.#backoff = new Backoff(options.random, options.backoff);
    this.#budget = new RestartBudget(options.budget);
    this.#graceMs = this.#timings.stopGraceMs;
    this.#since = options.clock.now();
  }

  /** A copy of what is known now. */
  status(): SupervisedStatus {
    return {
      name: this.name,
      state: this.#state,
      since: this.#since,
      restarts: this.#restarts,
      ...(this.#child === undefined ? {} : { pid: this.#child.pid }),
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
      ...(this.#lastExit === undefined ? {} : { lastExit: this.#lastExit }),
    };
  }

  /** Calls `listener` at each change of state, synchronously; it must not throw. Returns the function that ends it. */
  onState(listener: (status: SupervisedStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Starts the component unless it is already running, and resolves when it is ready.
   *
   * @throws StigmerError with the reason (exit code and last lines, or what the probe last said) when it fails or is stopped first.
   */
  start(): Promise<void> {
    if (this.#state.kind === 'stopped' || this.#state.kind === 'failed') {
      const over = new AbortController();
      this.#graceMs = this.#timings.stopGraceMs;
      this.#backoff.reset();
      this.#budget.reset();
      this.#run = { over, done: this.#keepRunning(over.signal) };
    }
    return this.#untilReady();
  }

  /** Stops the component: SIGTERM, and SIGKILL after `graceMs`. Resolves when its process is gone. Stopping what is stopped does nothing. */
  async stop(graceMs: number): Promise<void> {
    if (this.#run === undefined || this.#state.kind === 'stopped') return;
    this.#graceMs = graceMs;
    if (this.#state.kind !== 'failed' && this.#state.kind !== 'stopping') this.#enter({ kind: 'stopping' });
    this.#run.over.abort();
    await this.#child?.stop(graceMs);
    await this.#run.done;
    if (!this.#isStopped()) this.#enter({ kind: 'stopped' });
  }

  async #keepRunning(over: AbortSignal): Promise<void> {
    let everReady = false;
    for (let attempt = 1; ; attempt += 1) {
      const { wasReady, reason } = await this.#oneLife(over);
      if (over.aborted) return;
      everReady ||= wasReady;
      this.#lastError = { at: this.#clock.now(), text: reason };
      if (!everReady && attempt >= (this.#options.startAttempts ?? 1)) {
        this.#enter({ kind: 'failed', reason: `${this.name} did not start: it ${reason}` });
        return;
      }
      if (!this.#budget.take(this.#clock.now())) {
        const { restarts, windowMs } = this.#budget;
        const often = `${restarts} times within ${windowMs / 60_000} minutes`;
        this.#enter({ kind: 'failed', reason: `${this.name} was restarted ${often} and is not started again; it ${reason}` });
        return;
      }
      const waitMs = this.#backoff.next();
      this.#enter({ kind: 'backing-off', until: this.#clock.now() + waitMs, reason });
      await sleep(this.#clock, waitMs, over);
      if (over.aborted) return;
      this.#restarts += 1;
    }
  }

  /** From the start of one process to its end. The reason continues "it …". */
  async #oneLife(over: AbortSignal): Promise<LifeEnd> {
    this.#enter({ kind: 'starting' });
    let child: RunningChild;
    try {
      child = await this.#options.launch(over);
    } catch (error) {
      return { wasReady: false, reason: `could not be started: ${error instanceof Error ? error.message : String(error)}` };
    }
    this.#child = child;
    const ended = new AbortController();
    const end = (): void => ended.abort();
    if (over.aborted) end();
    over.addEventListener('abort', end, { once: true });
    void child.exited.then(end);

    const life = await this.#watch(child, ended.signal);

    over.removeEventListener('abort', end);
    const exit = await child.stop(this.#graceMs);
    this.#child = undefined;
    this.#lastExit = { ...exit, at: this.#clock.now() };
    return { ...life, reason: exit.asked ? withLastLines(life.reason, exit) : explainExit(exit) };
  }

  /** Waits until the process is ready, then watches it until it ended or must be replaced. */
  async #watch(child: RunningChild, ended: AbortSignal): Promise<LifeEnd> {
    const { startTimeoutMs, startProbeEveryMs, stableMs } = this.#timings;
    const readyBy = this.#clock.now() + startTimeoutMs;
    let waitingFor: string | undefined;
    for (;;) {
      const why = await this.#probe(ended);
      if (ended.aborted) return { wasReady: false, reason: 'ended' };
      if (why === undefined) break;
      if (this.#clock.now() >= readyBy) {
        return { wasReady: false, reason: `runs (pid ${child.pid}) but was not ready within ${startTimeoutMs / 1_000} s: ${why}` };
      }
      if (why !== waitingFor) this.#enter({ kind: 'starting', waitingFor: why });
      waitingFor = why;
      await sleep(this.#clock, startProbeEveryMs, ended);
    }
    this.#enter({ kind: 'ready' });
    const cancel = this.#clock.setTimer(stableMs, () => {
      this.#backoff.reset();
      this.#budget.reset();
    });
    const reason = await this.#watchReady(ended);
    cancel();
    return { wasReady: true, reason };
  }

  async #watchReady(ended: AbortSignal): Promise<string> {
    const { probeEveryMs, failuresUntilUnhealthy, replaceUnhealthyAfterMs } = this.#timings;
    let failures = 0;
    let unhealthySince: number | undefined;
    for (;;) {
      await sleep(this.#clock, probeEveryMs, ended);
      const why = await this.#probe(ended);
      if (ended.aborted) return 'ended';
      if (why === undefined) {
        failures = 0;
        if (unhealthySince !== undefined) this.#enter({ kind: 'ready' });
        unhealthySince = undefined;
        continue;
      }
      failures += 1;
      if (failures < failuresUntilUnhealthy) continue;
      const now = this.#clock.now();
      if (unhealthySince === undefined) {
        this.#lastError = { at: now, text: why };
        this.#enter({ kind: 'unhealthy', reason: why });
      }
      unhealthySince ??= now;
      if (now - unhealthySince >= replaceUnhealthyAfterMs) {
        return `did not answer for ${(now - unhealthySince) / 1_000} s and was replaced: ${why}`;
      }
    }
  }

  #probe(ended: AbortSignal): Promise<string | undefined> {
    return probeOnce(this.#options.probe, this.#clock, this.#timings.probeTimeoutMs, ended);
  }

  #untilReady(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settled = ({ state }: SupervisedStatus): boolean => {
        if (state.kind === 'ready') resolve();
        else if (state.kind === 'failed') reject(unavailable(state.reason));
        else if (state.kind === 'stopping' || state.kind === 'stopped') reject(cancelled(`${this.name} was stopped before it was ready`));
        else return false;
        return true;
      };
      if (settled(this.status())) return;
      const end = this.onState((status) => {
        if (settled(status)) end();
      });
    });
  }

  #isStopped(): boolean {
    return this.#state.kind === 'stopped';
  }

  #enter(state: SupervisedState): void {
    this.#state = state;
    this.#since = this.#clock.now();
    const status = this.status();
    for (const listener of this.#listeners) listener(status);
  }
}
