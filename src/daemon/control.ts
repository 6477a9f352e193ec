import { unimplemented } from '../contract/errors.js';

/** Where one component stands. Times in RFC 3339 and UTC; texts are for a person. */
export interface ComponentStatus {
  readonly name: string;
  readonly state: 'stopped' | 'starting' | 'ready' | 'unhealthy' | 'backing-off' | 'failed' | 'stopping';
  readonly since: string;
  /** What it waits for, what is the matter with it, or what a ready one has to say: a second address, what it called back to. */
  readonly detail?: string;
  readonly address?: string;
  readonly pid?: number;
  readonly container?: string;
  /** How often it was started again by itself. */
  readonly restarts: number;
  readonly memoryBytes?: number;
  readonly lastError?: string;
  readonly version?: string;
}

/** The supervisor of one state folder and what it supervises, in the order of their start. */
export interface DaemonStatus {
  readonly home: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly version: string;
  readonly components: readonly ComponentStatus[];
  /** Size of the state folder. */
  readonly diskBytes: number;
}

export interface StartOptions {
  /** STIGMER_HOME. */
  readonly home: string;
  /** Start the scripted demo model and let the runner use it. */
  readonly demoModel: boolean;
  /** These components and nothing else. */
  readonly only?: readonly string[];
  readonly grpcPort?: number;
  readonly httpPort?: number;
  readonly temporalPort?: number;
  /** The environment that the supervisor and its components inherit from. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type StartProgress =
  | { readonly type: 'component'; readonly component: ComponentStatus; readonly elapsedMs: number }
  | { readonly type: 'message'; readonly text: string };

/** Which lines of the components' logs. */
export interface LogQuery {
  readonly components?: readonly string[];
  /** Lines not older than this many milliseconds. */
  readonly sinceMs?: number;
  /** Lines at least as severe: trace, debug, info, warn, error, fatal. */
  readonly level?: string;
  /** Lines that match this regular expression. */
  readonly grep?: string;
  readonly follow: boolean;
  /** At most so many lines of the past; all of them when not given. */
  readonly tail?: number;
}

export interface LogLine {
  readonly time: string;
  readonly component: string;
  readonly level: string;
  readonly text: string;
}

/** Starts the supervisor, detached. Resolves when every component is ready; throws StigmerError naming component, address, variable. */
export async function startDaemon(_options: StartOptions, _onProgress: (progress: StartProgress) => void): Promise<{ readonly status: DaemonStatus; readonly alreadyRunning: boolean }> {
  throw unimplemented('the supervisor cannot be started yet');
}

/** What the supervisor of this home says; undefined when none is running. */
export async function daemonStatus(_home: string): Promise<DaemonStatus | undefined> {
  throw unimplemented('the supervisor cannot be asked yet');
}

/** Stops the supervisor and all it started. False when none is running. */
export async function stopDaemon(_home: string, _options: { readonly now: boolean }, _onProgress: (progress: StartProgress) => void): Promise<boolean> {
  throw unimplemented('the supervisor cannot be stopped yet');
}

/** The lines of the components' logs, oldest first; with `follow`, until the signal aborts. */
export async function* readDaemonLogs(_home: string, _query: LogQuery, _signal: AbortSignal): AsyncGenerator<LogLine, void, undefined> {
  yield* [];
  throw unimplemented('logs cannot be read yet');
}
