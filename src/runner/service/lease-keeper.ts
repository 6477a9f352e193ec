import { hostname } from 'node:os';
import { holdLease } from '../../client/lease.js';
import type { RpcClient } from '../../client/rpc-client.js';
import type { Clock } from '../../contract/clock.js';
import { Code, StigmerError } from '../../contract/errors.js';
import type { Logger } from '../log.js';
import { runCancelled } from '../run/run-stop.js';
import type { ActiveRuns } from './active-runs.js';
import type { Polling } from './polling.js';
import { assertServerAnswers } from './server-without-leases.js';

export interface LeaseKeeperOptions {
  readonly client: RpcClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly name: string;
  readonly version: string;
  readonly queue: string;
  readonly slots: number;
  readonly runs: ActiveRuns;
  readonly polling: Polling;
}

/** How many times its time to live a lease may be gone before no more runs are taken. */
const patience = 3;

/** After how many milliseconds the log says again that the lease is missing for the same reason. */
const repeatMs = 30_000;

/**
 * Sees to it that runs are taken only with a lease from the server, or from a server that knows no leases. A lease that is lost for
 * long stops the polling; runs under way go on, and report when the server is back.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  #leaseId: string | undefined;
  #ttlMs = 0;
  #cancelPause: (() => void) | undefined;
  #told = { reason: '', at: 0 };

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  /** The lease that is held, or was held last; undefined with a server that knows none. */
  get leaseId(): string | undefined {
    return this.#leaseId;
  }

  /** Keeps it so until the signal aborts. Rejects when the server refuses this runner. */
  async keep(signal: AbortSignal): Promise<void> {
    const { client, clock, log, polling } = this.#options;
    try {
      await this.#hold(signal);
    } catch (error) {
      if (StigmerError.from(error).code !== Code.UNIMPLEMENTED || this.#leaseId !== undefined) throw error;
      await assertServerAnswers(client, clock, signal);
      log.info({ endpoint: client.endpoint }, 'the server knows no leases; runs are taken without one, and reported by updateStatus');
      polling.start();
      await aborted(signal);
    } finally {
      this.#cancelPause?.();
    }
  }

  #hold(signal: AbortSignal): Promise<void> {
    const { client, clock, log, name, version, queue, slots, runs, polling } = this.#options;
    return holdLease(
      {
        client,
        clock,
        introduction: { name, component: 'agent-runner', version, taskQueues: [queue], slots, host: hostname(), pid: process.pid, endpoint: client.endpoint },
        load: () => ({ slotsUsed: runs.ids.length, executionIds: runs.ids }),
        events: {
          held: ({ id, serverVersion, ttlMs }) => {
            this.#leaseId = id;
            this.#ttlMs = ttlMs;
            this.#cancelPause?.();
            this.#cancelPause = undefined;
            this.#told = { reason: '', at: 0 };
            log.info({ leaseId: id, serverVersion, endpoint: client.endpoint }, 'lease held');
            polling.start();
          },
          lost: (reason, retryInMs) => {
            this.#tellLoss(reason.message, retryInMs);
            if (polling.isWanted) this.#cancelPause ??= clock.setTimer(this.#ttlMs * patience, () => this.#pause('the lease has been lost for too long'));
          },
          cancel: (executionId, reason) => {
            log.info({ executionId, reason }, 'the server cancels a run');
            runs.end(executionId, runCancelled(reason));
          },
          drain: (reason) => this.#pause(reason),
        },
      },
      signal,
    );
  }

  /** The same reason once in a while, not at every try. */
  #tellLoss(reason: string, retryInMs: number): void {
    const { client, clock, log } = this.#options;
    const again = this.#told.reason === reason && clock.now() - this.#told.at < repeatMs;
    if (!again) this.#told = { reason, at: clock.now() };
    const fields = { endpoint: client.endpoint, retryInMs: Math.round(retryInMs) };
    log[again ? 'debug' : 'warn'](fields, `no lease: ${reason} (STIGMER_BACKEND_ENDPOINT=${client.endpoint})`);
  }

  #pause(reason: string): void {
    const { log, polling, queue, runs } = this.#options;
    log.info({ reason, queue, underWay: runs.ids }, 'no more runs are taken for now');
    polling.pause();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
