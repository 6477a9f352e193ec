import type { RpcClient } from '../client/rpc-client.js';
import type { Clock } from '../contract/clock.js';
import type * as daemonControl from '../daemon/control.js';
import type { Format } from './command.js';
import type { CliConfig } from './connection/config-file.js';
import type { CliEnvironment } from './env.js';
import type { Output } from './terminal/output.js';
import type { Prompt } from './terminal/prompt.js';

/** How the supervisor on this machine is talked to. */
export type DaemonControl = typeof daemonControl;

/** The world of a command. */
export interface CliContext {
  /** Results. */
  readonly out: Output;
  /** Everything else: errors, warnings, questions. */
  readonly err: Output;
  readonly format: Format;
  /** Undefined when nobody can be asked: standard input or standard error is no terminal. */
  readonly prompt: Prompt | undefined;
  readonly env: CliEnvironment;
  /** Working directory, absolute. */
  readonly cwd: string;
  readonly clock: Clock;
  /** Aborts when the program is to end: SIGTERM, SIGHUP, a closed pipe, and SIGINT unless a handler takes it. */
  readonly signal: AbortSignal;
  /** Takes SIGINT (Ctrl-C) until the returned function is called. */
  onInterrupt(handler: () => void): () => void;
  /** Standard input to its end, as text. */
  readInput(): Promise<string>;
  /** The next line of standard input, asked for where it is a terminal; undefined at its end, and when the person gives up. */
  readLine(question: string): Promise<string | undefined>;
  /** Random key of a request, under which it may be repeated. */
  newKey(): string;
  /** What config.yaml says; read once. */
  config(): Promise<CliConfig>;
  /** The connection to the server, made at the first call. */
  client(): Promise<RpcClient>;
  daemon(): Promise<DaemonControl>;
}
