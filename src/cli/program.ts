import type { RpcClient } from '../client/rpc-client.js';
import type { Clock } from '../contract/clock.js';
import { StigmerError } from '../contract/errors.js';
import type { CommandGroup } from './command.js';
import type { CliConfig } from './connection/config-file.js';
import type { CliContext, DaemonControl } from './context.js';
import type { CliEnvironment } from './env.js';
import { ExitCode, exitCodeOf } from './exit-codes.js';
import { formatAsked, type GlobalOptions, type Parsed, parseCommandLine } from './parse.js';
import { reportError } from './report-error.js';
import type { Signals } from './signals.js';
import type { Output } from './terminal/output.js';
import type { Prompt } from './terminal/prompt.js';

/** What the program is given by the process that it runs in, or by a test. */
export interface World {
  readonly version: string;
  /** Makes standard output and standard error; colours only when they are wanted at all. */
  outputs(options: { readonly color: boolean }): { readonly out: Output; readonly err: Output };
  readonly prompt: ((err: Output) => Prompt) | undefined;
  readonly readInput: () => Promise<string>;
  readonly readLine: (question: string) => Promise<string | undefined>;
  readonly environment: () => CliEnvironment;
  readonly cwd: string;
  readonly clock: Clock;
  readonly signals: Signals;
  readonly newKey: () => string;
  readonly daemon: () => Promise<DaemonControl>;
}

/** Name of the component that serves gRPC. */
const SERVER = 'server';
/** How long a command may take to leave when the program has to end. */
const LEAVE_MS = 1_000;

/** Runs one command line, without the program's own name, and gives the exit code. Never throws. */
export async function runProgram(tree: CommandGroup, argv: readonly string[], world: World): Promise<number> {
  let parsed: Parsed;
  try {
    const { out } = world.outputs({ color: false });
    parsed = parseCommandLine(tree, argv, { version: world.version, ...(out.columns === undefined ? {} : { columns: out.columns }) });
    if (parsed.type === 'text') {
      out.write(parsed.text);
      return ExitCode.DONE;
    }
  } catch (error) {
    return fail(world.outputs({ color: !argv.includes('--no-color') }).err, error, { format: formatAsked(argv), debug: argv.includes('--debug') });
  }
  return runCommand(parsed, world);
}

async function runCommand({ command, input, format, globals }: Extract<Parsed, { type: 'command' }>, world: World): Promise<number> {
  const { out, err } = world.outputs({ color: globals.color });
  const { signals, clock } = world;
  const connection = new Connection(world, globals);
  const fromSignal = (): number => signals.exitCode ?? ExitCode.INTERRUPTED;
  let leave: () => void = () => undefined;
  const left = new Promise<number>((resolve) => {
    const onAbort = (): void => {
      leave = clock.setTimer(LEAVE_MS, () => resolve(fromSignal()));
    };
    if (signals.signal.aborted) onAbort();
    else signals.signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    const ctx: CliContext = {
      out,
      err,
      format,
      prompt: world.prompt?.(err),
      env: world.environment(),
      cwd: world.cwd,
      clock,
      signal: signals.signal,
      onInterrupt: (handler) => signals.onInterrupt(handler),
      readInput: world.readInput,
      readLine: world.readLine,
      newKey: world.newKey,
      config: () => connection.config(),
      client: () => connection.client(),
      daemon: world.daemon,
    };
    const code = await Promise.race([command.run(ctx, input), left]);
    return signals.exitCode ?? code ?? ExitCode.DONE;
  } catch (error) {
    if (signals.signal.aborted) return fromSignal();
    return fail(err, error, { format, debug: globals.debug, ...(connection.source === undefined ? {} : { addressSource: connection.source }) });
  } finally {
    leave();
    out.status();
    connection.close();
  }
}

async function fail(err: Output, error: unknown, circumstances: Parameters<typeof reportError>[2]): Promise<number> {
  const known = StigmerError.from(error);
  await reportError(err, known, circumstances);
  return exitCodeOf(known);
}

/** The connection to the server: where it is said to be, and the channel, each made when it is first asked for. */
class Connection {
  readonly #world: World;
  readonly #globals: GlobalOptions;
  #config: Promise<CliConfig> | undefined;
  #client: Promise<RpcClient> | undefined;
  #open: RpcClient | undefined;
  source: string | undefined;

  constructor(world: World, globals: GlobalOptions) {
    this.#world = world;
    this.#globals = globals;
  }

  config(): Promise<CliConfig> {
    this.#config ??= (async () => {
      const { readConfig } = await import('./connection/config-file.js');
      return readConfig(this.#world.environment().values.STIGMER_HOME);
    })();
    return this.#config;
  }

  client(): Promise<RpcClient> {
    this.#client ??= (async () => {
      const [{ RpcClient: Client }, { serverAddress }, config] = await Promise.all([import('../client/rpc-client.js'), import('./connection/server-address.js'), this.config()]);
      const { endpoint, source, tls, token } = await serverAddress(this.#globals.endpoint, this.#world.environment(), config, () => this.#runningHere());
      this.source = source;
      this.#open = new Client({ endpoint, tls, token, userAgent: `stigmer-cli/${this.#world.version}` });
      return this.#open;
    })();
    return this.#client;
  }

  /** Address of the server that the supervisor of this home has started. */
  async #runningHere(): Promise<string | undefined> {
    const { daemonStatus } = await this.#world.daemon();
    try {
      const status = await daemonStatus(this.#world.environment().values.STIGMER_HOME);
      return status?.components.find(({ name }) => name === SERVER)?.address;
    } catch (error) {
      // A supervisor that does not answer says nothing about the server, which is asked next.
      if (error instanceof StigmerError) return undefined;
      throw error;
    }
  }

  close(): void {
    this.#open?.close();
  }
}
