import type { ChildExit } from './child-exit.js';

/** Where a supervised component stands. `reason` texts are for a person. */
export type SupervisedState =
  | { readonly kind: 'stopped' }
  /** The process is being started, or runs and is not ready yet; `waitingFor` is the latest answer of the readiness probe. */
  | { readonly kind: 'starting'; readonly waitingFor?: string }
  | { readonly kind: 'ready' }
  /** It runs and was ready, but does not answer its probe any more. */
  | { readonly kind: 'unhealthy'; readonly reason: string }
  /** It ended; it is started again at `until` (milliseconds of the clock). */
  | { readonly kind: 'backing-off'; readonly until: number; readonly reason: string }
  /** It is not started again unless someone asks. */
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'stopping' };

/** What the supervisor knows about a component. Times in milliseconds of the clock. */
export interface SupervisedStatus {
  readonly name: string;
  readonly state: SupervisedState;
  /** When this state was entered. */
  readonly since: number;
  /** Process id, while there is a process. */
  readonly pid?: number;
  /** How often it was started again by itself since the supervisor started. */
  readonly restarts: number;
  /** Why it last failed, kept after it recovered. */
  readonly lastError?: { readonly at: number; readonly text: string };
  /** How its last process ended. */
  readonly lastExit?: ChildExit & { readonly at: number };
}

/** Time limits of a supervised component, in milliseconds. */
export interface SupervisedTimings {
  /** How long a process may take to become ready. Default 30 000. */
  readonly startTimeoutMs: number;
  /** Pause between two probes while it starts. Default 50. */
  readonly startProbeEveryMs: number;
  /** Pause between two probes once it is ready. Default 5 000. */
  readonly probeEveryMs: number;
  /** Limit of one probe. Default 5 000. */
  readonly probeTimeoutMs: number;
  /** How many probes in a row must fail before a ready component is called unhealthy. Default 2. */
  readonly failuresUntilUnhealthy: number;
  /** How long it may be unhealthy before its process is replaced. Default: for ever, because a restart mends few such causes. */
  readonly replaceUnhealthyAfterMs: number;
  /** How long it must run without a failure for earlier restarts to be forgotten. Default 60 000. */
  readonly stableMs: number;
  /** Grace given to a process that did not become ready, or that is replaced. Default 5 000. */
  readonly stopGraceMs: number;
}

/** The defaults of {@link SupervisedTimings}. */
export const DEFAULT_TIMINGS: SupervisedTimings = {
  startTimeoutMs: 30_000,
  startProbeEveryMs: 50,
  probeEveryMs: 5_000,
  probeTimeoutMs: 5_000,
  failuresUntilUnhealthy: 2,
  replaceUnhealthyAfterMs: Number.POSITIVE_INFINITY,
  stableMs: 60_000,
  stopGraceMs: 5_000,
};
