import type { BareServer } from './system/bare-server.js';
import type { StigmerServer } from './system/stigmer-server.js';
import type { Row } from './table.js';

/** What a section works with. Processes that it starts here end with the section. */
export interface Bench {
  /** A smoke run: everything is done once and briefly, and no figure means anything. */
  readonly quick: boolean;
  /** The repository's root. */
  readonly root: string;
  /** A server of ours, with a Temporal that takes every workflow. */
  startServer(options?: ServerNeeds): Promise<StigmerServer>;
  startBare(options?: ServerNeeds): Promise<BareServer>;
  /** Has this done when the section is over. */
  onEnd(work: () => unknown): void;
  /** Says what is being done. */
  progress(text: string): void;
  row(row: Row): void;
}

export interface ServerNeeds {
  /** It can be told to collect garbage. */
  readonly collectable?: boolean;
}

/** A group of figures that can be run by itself. */
export interface Section {
  readonly name: string;
  /** What it measures, in one line. */
  readonly about: string;
  run(bench: Bench): Promise<void>;
}
