import type { Clock } from '../contract/clock.js';
import { Code, StigmerError, failedPrecondition, invalidArgument } from '../contract/errors.js';
import type { Announcements } from './announcements.js';
import type { Component } from './component.js';
import { componentStatus, measuredStatus } from './component-status.js';
import type { DaemonStatus, StartProgress } from './control.js';
import type { Home } from './home.js';
import { explainTakenPort } from './supervision/ports.js';
import { folderBytes } from './temporal/folder-bytes.js';

export interface SupervisorOptions {
  readonly home: Home;
  readonly version: string;
  /** In the order of their start. */
  readonly components: readonly Component[];
  readonly announcements: Announcements;
  readonly clock: Clock;
}

/** How long one rank of components may take to stop, in milliseconds: the four of them stay within 10 s. */
const STOP_GRACE_MS = 2_300;
const STOP_NOW_GRACE_MS = 500;

/** Starts the components of one home together, keeps them running, and stops them in order. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #startedAt: number;
  readonly #stopping = new AbortController();
  #beganAt: number;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#beganAt = this.#startedAt;
    for (const component of options.components) {
      component.managed.onState(() => {
        const elapsedMs = options.clock.now() - this.#beganAt;
        options.announcements.tell({ type: 'component', component: componentStatus(component), elapsedMs });
      });
    }
  }

  /** Gives `listener` whatever happens from now on. Returns the function that ends it. */
  onProgress(listener: (progress: StartProgress) => void): () => void {
    return this.#options.announcements.listen(listener);
  }

  /** As {@link onProgress}, after where each started component stands and the latest messages. */
  recall(listener: (progress: StartProgress) => void): () => void {
    const elapsedMs = this.#options.clock.now() - this.#beganAt;
    for (const component of this.#options.components) {
      const status = componentStatus(component);
      if (status.state !== 'stopped') listener({ type: 'component', component: status, elapsedMs });
    }
    this.#options.announcements.recall(listener);
    return this.onProgress(listener);
  }

  /**
   * Starts the components of these names or kinds (all, when not given) that do not run yet, and resolves when each is ready.
   *
   * @throws StigmerError for an unknown name, a port that is taken, or the first component that does not become ready, naming
   *   what it was given to reach the others
   */
  async start(only?: readonly string[]): Promise<void> {
    const wanted = this.#select(only);
    const idle = wanted.filter(({ managed }) => ['stopped', 'failed'].includes(managed.status().state.kind));
    if (idle.length > 0) this.#beganAt = this.#options.clock.now();
    await Promise.all(idle.map((component) => component.clearLeftover()));
    for (const component of idle) await assertPortsFree(component);
    await Promise.all(idle.map((component) => component.prepare(this.#stopping.signal)));
    this.#stopping.signal.throwIfAborted();
    await Promise.all(wanted.map((component) => startOne(component)));
  }

  /** Stops everything, last started first. Resolves when all of it is gone; `now` leaves little time for an orderly end. */
  async stop(now = false): Promise<void> {
    this.#stopping.abort(failedPrecondition('the supervisor is being stopped'));
    this.#beganAt = this.#options.clock.now();
    const ranks = [...new Set(this.#options.components.map(({ rank }) => rank))].sort((a, b) => b - a);
    for (const rank of ranks) {
      const together = this.#options.components.filter((component) => component.rank === rank);
      await Promise.all(together.map(({ managed }) => managed.stop(now ? STOP_NOW_GRACE_MS : STOP_GRACE_MS)));
    }
    await Promise.all(this.#options.components.map((component) => component.close()));
  }

  async status(): Promise<DaemonStatus> {
    const { home, version, components } = this.#options;
    const [measured, diskBytes] = await Promise.all([Promise.all(components.map(measuredStatus)), folderBytes(home.state)]);
    return { home: home.root, pid: process.pid, startedAt: new Date(this.#startedAt).toISOString(), version, components: measured, diskBytes };
  }

  #select(only: readonly string[] | undefined): readonly Component[] {
    const { components } = this.#options;
    if (only === undefined) return components;
    const names = [...new Set(components.flatMap(({ name, group }) => [name, group]))];
    const unknown = only.find((name) => !names.includes(name));
    if (unknown !== undefined) throw invalidArgument('only', `there is no component '${unknown}'; there are ${names.join(', ')}`);
    return components.filter(({ name, group }) => only.includes(name) || only.includes(group));
  }
}

async function assertPortsFree({ name, ports }: Component): Promise<void> {
  for (const { host, port, setting } of ports) {
    const taken = await explainTakenPort(host, port);
    if (taken === undefined) continue;
    throw failedPrecondition(`${name} cannot start: ${taken}; choose another with ${setting}`, {
      reason: 'PORT_TAKEN',
      metadata: { component: name, port: String(port), setting },
    });
  }
}

async function startOne({ name, managed, explain }: Component): Promise<void> {
  try {
    await managed.start();
  } catch (error) {
    const { code, message } = StigmerError.from(error);
    const given = explain();
    if (code === Code.CANCELLED || given === undefined) throw error;
    throw new StigmerError(code, `${message}\n${given}. Its log: stigmer server logs -c ${name}`, { cause: error });
  }
}
