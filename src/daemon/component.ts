import type { Supervised } from './supervision/supervised.js';

/** What a supervisor asks of whatever it keeps running. */
export type Managed = Pick<Supervised, 'status' | 'onState' | 'start' | 'stop'>;

/** A port that a component is about to listen on, and what moves it to another: "`--grpc-port`". */
export interface PortUse {
  readonly host: string;
  readonly port: number;
  readonly setting: string;
}

/** What is known of a component beside its state. */
export interface ComponentFacts {
  readonly address?: string;
  /** What a ready one has to say. */
  readonly detail?: string;
  readonly version?: string;
  /** Name of the container that it runs in. */
  readonly container?: string;
}

/** One of the things that a supervisor starts, as data and a few functions. */
export interface Component {
  readonly name: string;
  /** What people call all of its kind: `agent-runner` for agent-runner-1, agent-runner-2. */
  readonly group: string;
  /** Components are stopped by falling rank, those of one rank together. All are started together. */
  readonly rank: number;
  readonly managed: Managed;
  readonly ports: readonly PortUse[];
  facts(): ComponentFacts;
  /** Resident memory in bytes; undefined when nothing runs or it cannot be told. */
  memory(): Promise<number | undefined>;
  /** Does what may take long and has no time limit, such as a download, before anything is started. */
  prepare(signal: AbortSignal): Promise<void>;
  /** Ends what an earlier supervisor has left of it. */
  clearLeftover(): Promise<void>;
  /** What the component was given of what it needs to reach others, for the text of a start that failed; undefined when nothing. */
  explain(): string | undefined;
  /** Gives up what it holds beside its process: its log, and the like. */
  close(): Promise<void>;
}
