import { NativeConnection, Worker } from '@temporalio/worker';
import { Backoff } from '../../client/backoff.js';
import { wait } from '../../client/wait.js';
import type { Clock } from '../../contract/clock.js';
import type { Logger } from '../log.js';
import type { RunnerActivities } from './activities.js';
import { messageCodec } from './payloads.js';

export interface PollingOptions {
  /** `host:port` of Temporal. */
  readonly address: string;
  readonly namespace: string;
  readonly queue: string;
  /** Under which Temporal shows this runner. */
  readonly identity: string;
  /** Runs at a time. */
  readonly slots: number;
  readonly activities: RunnerActivities;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called each time that polling has begun. */
  readonly onPolling: () => void;
}

/** A run that is under way goes on when polling ends; who wants it to end ends it. */
const forAsLongAsItTakes = '1000 days';

/**
 * Takes runs from Temporal's queue while that is wanted. A worker of the SDK cannot rest, so that each time a new one is made; runs of
 * the one before go on. Temporal is waited for as long as it takes.
 */
export class Polling {
  readonly #options: PollingOptions;
  readonly #ended = new AbortController();
  readonly #draining = new Set<Promise<unknown>>();
  #pause: AbortController | undefined;
  #connection: Promise<NativeConnection> | undefined;

  constructor(options: PollingOptions) {
    this.#options = options;
  }

  get isWanted(): boolean {
    return this.#pause !== undefined;
  }

  /** Connects ahead of time; an error comes up again when it matters. */
  warmUp(): void {
    this.#connect().catch(() => undefined);
  }

  /** Begins to take runs, if it has not begun. */
  start(): void {
    if (this.#pause !== undefined || this.#ended.signal.aborted) return;
    const pause = new AbortController();
    this.#pause = pause;
    void this.#poll(AbortSignal.any([pause.signal, this.#ended.signal]));
  }

  /** Takes no more runs, until the next start. */
  pause(): void {
    this.#pause?.abort();
    this.#pause = undefined;
  }

  /** Takes no more runs for good. Resolves when those under way have ended and Temporal knows. */
  async end(): Promise<void> {
    this.pause();
    this.#ended.abort();
    while (this.#draining.size > 0) await Promise.allSettled(this.#draining);
    const connection = await this.#connection?.catch(() => undefined);
    await connection?.close().catch((error: unknown) => this.#options.log.debug({ err: error }, 'closing the connection to Temporal'));
  }

  async #poll(stop: AbortSignal): Promise<void> {
    const { address, clock, log, onPolling, queue } = this.#options;
    const backoff = new Backoff({ initialMs: 200, maxMs: 5_000 });
    while (!stop.aborted) {
      try {
        const worker = await this.#createWorker();
        if (stop.aborted) return;
        const run = worker.run();
        const drained = run.catch(() => undefined);
        this.#draining.add(drained);
        void drained.then(() => this.#draining.delete(drained));
        const shutdown = (): void => {
          if (worker.getState() === 'RUNNING') worker.shutdown();
        };
        stop.addEventListener('abort', shutdown, { once: true });
        log.info({ queue, temporal: address }, 'polling');
        onPolling();
        await run;
        stop.removeEventListener('abort', shutdown);
        if (!stop.aborted) throw new Error('the worker ended by itself');
      } catch (error) {
        if (stop.aborted) return;
        this.#connection = undefined;
        const retryInMs = Math.round(backoff.next());
        log.warn({ err: error, temporal: address, retryInMs }, `no runs can be taken from Temporal at ${address} (TEMPORAL_SERVICE_ADDRESS): ${messageOf(error)}`);
        await wait(clock, retryInMs, stop);
      }
    }
  }

  async #createWorker(): Promise<Worker> {
    const { namespace, queue, identity, slots, activities } = this.#options;
    return Worker.create({
      connection: await this.#connect(),
      namespace,
      taskQueue: queue,
      identity,
      activities: { ...activities },
      maxConcurrentActivityTaskExecutions: slots,
      // Two requests wait for runs at a time: enough to take many in a row, and little for Temporal to hold open.
      maxConcurrentActivityTaskPolls: 2,
      // A cancellation comes with the answer to a heartbeat, and a heartbeat is sent at most this often.
      maxHeartbeatThrottleInterval: 1_500,
      defaultHeartbeatThrottleInterval: 1_500,
      dataConverter: { payloadCodecs: [messageCodec] },
      shutdownGraceTime: forAsLongAsItTakes,
    });
  }

  #connect(): Promise<NativeConnection> {
    this.#connection ??= NativeConnection.connect({ address: this.#options.address });
    return this.#connection;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
