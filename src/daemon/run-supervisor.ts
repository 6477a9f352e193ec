import type { Clock } from '../contract/clock.js';
import { StigmerError } from '../contract/errors.js';
import { ControlServer } from './control-server.js';
import type { StartProgress } from './control.js';
import type { ComposeOptions } from './compose.js';
import { composeSupervisor } from './compose.js';
import { type Home, homeAt, prepareHome } from './home.js';
import { LogFile } from './supervision/log-file.js';
import { lockHome } from './supervision/lock.js';
import { sleep } from './supervision/sleep.js';
import type { Supervisor } from './supervisor.js';

/** How long a start that failed waits for whoever started the supervisor to ask how it went, in milliseconds. */
const START_ASKED_MS = 3_000;

/** What whoever runs a supervisor is told of it. */
export interface SupervisorEvents {
  readonly onProgress: (progress: StartProgress) => void;
  /** It can be asked over its socket from now on, and begins to start its components. */
  readonly onListening?: () => void;
  /** Every component is ready. */
  readonly onReady?: () => void;
}

/**
 * A supervisor's whole life: it takes the home's lock, opens its socket, starts what the settings say, and keeps it running until
 * `stop` aborts or someone asks it to stop; then it ends all of it, in order. Resolves when nothing of it is left.
 *
 * @throws StigmerError when the home is taken, or when a component did not start; then what was started is stopped again
 */
export async function runSupervisor(options: ComposeOptions, events: SupervisorEvents, stop: AbortSignal): Promise<void> {
  const { settings, clock } = options;
  const home = homeAt(settings.STIGMER_HOME);
  await prepareHome(home);
  const lock = await lockHome(home.lock, home.root, 'stigmer-server', clock);
  try {
    await superviseHome(home, options, events, stop);
  } finally {
    await lock.release();
  }
}

async function superviseHome(home: Home, options: ComposeOptions, events: SupervisorEvents, stop: AbortSignal): Promise<void> {
  const supervisor = await composeSupervisor(options);
  const log = supervisorLog(home, options.clock);
  supervisor.recall((progress) => writeProgress(log, progress));
  supervisor.recall(events.onProgress);
  const life = new SupervisorLife(supervisor, namesOf(options.settings.STIGMER_ONLY));
  const control = new ControlServer({
    status: () => supervisor.status(),
    start: async (only) => {
      await life.start(only);
      return supervisor.status();
    },
    stop: async (now) => {
      await life.stop(now);
      return supervisor.status();
    },
    onStart: (listener) => supervisor.recall(listener),
    onStop: (listener) => supervisor.onProgress(listener),
  });
  const onStop = (): void => void life.stop(false);
  stop.addEventListener('abort', onStop, { once: true });
  try {
    await control.listen(home.socket);
    events.onListening?.();
    log.record('info', 'the supervisor listens', { pid: process.pid, socket: home.socket });
    await life.begin();
    events.onReady?.();
    await life.stopped;
  } catch (error) {
    const asked = life.isStopping;
    if (!asked) log.record('error', StigmerError.from(error).message);
    // Whoever was told that it listens asks next, and must hear why it did not start, also when that was known at once.
    if (!asked && events.onListening !== undefined) await Promise.race([control.startAsked, sleep(options.clock, START_ASKED_MS)]);
    await life.stop(true);
    if (!asked) throw error;
  } finally {
    stop.removeEventListener('abort', onStop);
    await control.close();
    log.record('info', 'the supervisor ends');
    log.close();
  }
}

/** From the first start to the stop, whoever asks for it. */
class SupervisorLife {
  readonly #supervisor: Supervisor;
  readonly #only: readonly string[] | undefined;
  readonly stopped: Promise<void>;
  #resolveStopped: () => void = () => undefined;
  #first: Promise<void> | undefined;
  #stop: Promise<void> | undefined;

  constructor(supervisor: Supervisor, only: readonly string[] | undefined) {
    this.#supervisor = supervisor;
    this.#only = only;
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
  }

  /** The first start, by the settings. */
  begin(): Promise<void> {
    this.#first ??= this.#supervisor.start(this.#only);
    return this.#first;
  }

  /** A start that someone asks for: of what does not run after the first one. */
  async start(only: readonly string[] | undefined): Promise<void> {
    await this.begin();
    await this.#supervisor.start(only);
  }

  get isStopping(): boolean {
    return this.#stop !== undefined;
  }

  stop(now: boolean): Promise<void> {
    this.#stop ??= this.#supervisor.stop(now).then(this.#resolveStopped);
    return this.#stop;
  }
}

function namesOf(list: string | undefined): readonly string[] | undefined {
  const names = list?.split(',').map((name) => name.trim()).filter((name) => name !== '');
  return names === undefined || names.length === 0 ? undefined : names;
}

function supervisorLog(home: Home, clock: Clock): LogFile {
  // Where the log cannot be written there is no other place to say so than standard error.
  const onError = (error: Error): void => void process.stderr.write(`the supervisor's log cannot be written: ${error.message}\n`);
  return new LogFile({ directory: home.logs, component: 'supervisor', clock, onError });
}

function writeProgress(log: LogFile, progress: StartProgress): void {
  if (progress.type === 'message') return log.record('info', progress.text);
  const { name, state, detail, pid, restarts } = progress.component;
  const level = state === 'failed' ? 'error' : state === 'backing-off' || state === 'unhealthy' ? 'warn' : 'info';
  log.record(level, `${name} is ${state}${detail === undefined ? '' : `: ${detail}`}`, { about: name, pid, restarts });
}
