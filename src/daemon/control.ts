import { type Clock, systemClock } from '../contract/clock.js';
import { Code, StigmerError } from '../contract/errors.js';
import { askSupervisor } from './control-client.js';
import { ownEnvironment, withAbsolutePaths } from './env.js';
import { type Home, homeAt } from './home.js';
import { endLeftovers, lockHolder, untilEnded } from './leftovers.js';
import { logLines } from './log-lines.js';
import { settingsEnvironment } from './settings-environment.js';
import { spawnSupervisor } from './spawn-supervisor.js';
import { signalProcess } from './supervision/signals.js';
import { sleep } from './supervision/sleep.js';

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

/** How long another start of the same home may take until its supervisor can be asked, in milliseconds. */
const OTHER_START_MS = 3_000;

/**
 * Starts the supervisor of a home in the background, or, where it runs already, what of its components does not. Resolves when every
 * component is ready.
 *
 * @throws StigmerError naming the component, the address it tried and its variable; what this call has started is stopped again then
 */
export async function startDaemon(
  options: StartOptions,
  onProgress: (progress: StartProgress) => void,
): Promise<{ readonly status: DaemonStatus; readonly alreadyRunning: boolean }> {
  const home = homeAt(options.home);
  const running = await askSupervisor(home, { request: 'status' }, systemClock);
  if (running !== undefined) for (const text of ignoredPorts(running, options)) onProgress({ type: 'message', text });
  const alreadyRunning = running !== undefined || !(await startSupervisor(home, options, systemClock));
  const { only } = options;
  const status = await askSupervisor(home, { request: 'start', ...(only === undefined ? {} : { only }) }, systemClock, onProgress);
  if (status === undefined) throw new StigmerError(Code.UNAVAILABLE, `the supervisor of ${home.root} ended while it started; its log: stigmer server logs -c supervisor`);
  return { status, alreadyRunning };
}

/** What the supervisor of this home says; undefined when none is running. Throws UNAVAILABLE when one runs and does not answer. */
export async function daemonStatus(home: string): Promise<DaemonStatus | undefined> {
  return askSupervisor(homeAt(home), { request: 'status' }, systemClock);
}

/**
 * Stops the supervisor and all it started, and what an earlier one has left. Resolves when it is gone; false when nothing was running.
 * With `now`, components get no time for an orderly end, and a supervisor that does not answer is killed.
 */
export async function stopDaemon(home: string, options: { readonly now: boolean }, onProgress: (progress: StartProgress) => void): Promise<boolean> {
  const place = homeAt(home);
  const supervisor = await lockHolder(place);
  if (supervisor !== undefined) {
    const answered = await askToStop(place, options.now, onProgress);
    // One that has no socket yet, or no more.
    if (answered === 'nobody listens') signalProcess(supervisor.pid, 'SIGTERM');
    await untilEnded(supervisor, systemClock, answered === 'silent' ? 0 : undefined);
  }
  const leftovers = await endLeftovers(place, ownEnvironment(), systemClock);
  for (const leftover of leftovers) onProgress({ type: 'message', text: `ended ${leftover}, which a supervisor had left running` });
  return supervisor !== undefined || leftovers.length > 0;
}

/** The lines of the components' logs, oldest first; with `follow`, until the signal aborts. */
export function readDaemonLogs(home: string, query: LogQuery, signal: AbortSignal): AsyncGenerator<LogLine, void, undefined> {
  return logLines(homeAt(home), query, signal, systemClock);
}

/** False when another start was faster. */
async function startSupervisor(home: Home, options: StartOptions, clock: Clock): Promise<boolean> {
  const env = settingsEnvironment(options.env, {
    STIGMER_HOME: home.root,
    STIGMER_GRPC_PORT: options.grpcPort?.toString(),
    STIGMER_HTTP_PORT: options.httpPort?.toString(),
    STIGMER_TEMPORAL_PORT: options.temporalPort?.toString(),
    STIGMER_ONLY: options.only?.join(',') ?? '',
    STIGMER_DEMO_MODEL: options.demoModel ? '1' : undefined,
  });
  try {
    await spawnSupervisor(home, withAbsolutePaths(env));
    return true;
  } catch (error) {
    if (StigmerError.from(error).code !== Code.FAILED_PRECONDITION) throw error;
    const until = clock.now() + OTHER_START_MS;
    while ((await lockHolder(home)) !== undefined && clock.now() < until) {
      if ((await askSupervisor(home, { request: 'status' }, clock)) !== undefined) return false;
      await sleep(clock, 100);
    }
    throw error;
  }
}

/** The ports that are asked for and that a running supervisor does not change. */
function ignoredPorts({ components }: DaemonStatus, { grpcPort, temporalPort }: StartOptions): string[] {
  return [
    { name: 'server', port: grpcPort, flag: '--grpc-port' },
    { name: 'temporal', port: temporalPort, flag: '--temporal-port' },
  ].flatMap(({ name, port, flag }) => {
    const address = components.find((component) => component.name === name)?.address;
    if (port === undefined || address === undefined || address.endsWith(`:${port}`)) return [];
    return [`${name} is set up at ${address} already: ${flag} ${port} takes effect with \`stigmer server restart\``];
  });
}

async function askToStop(home: Home, now: boolean, onProgress: (progress: StartProgress) => void): Promise<'stopped' | 'nobody listens' | 'silent'> {
  try {
    return (await askSupervisor(home, { request: 'stop', now }, systemClock, onProgress)) === undefined ? 'nobody listens' : 'stopped';
  } catch (error) {
    const { code, message } = StigmerError.from(error);
    if (code !== Code.UNAVAILABLE) throw error;
    if (!now) throw new StigmerError(code, `${message}; \`stigmer server stop --now\` ends it all the same`, { cause: error });
    onProgress({ type: 'message', text: `${message}: it is killed` });
    return 'silent';
  }
}
