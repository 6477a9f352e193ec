import { isTerminal, Phase } from '../../contract/phases.js';
import type { ExecutionRow } from '../../store/ports.js';
import type { ExecutionsContext } from './context.js';
import type { ListEvent, ListFeed } from './list-feed.js';
import { NoticeCode } from './notice-texts.js';
import { QueuePollers } from './queue-pollers.js';
import type { ReportSessions } from './report-sessions.js';
import { allBusy, type QueueState, reasonForStandstill, type Standing, type Surroundings } from './standstill.js';
import type { WatchedExecutions } from './watched-executions.js';

export interface LivenessContext extends ExecutionsContext {
  readonly watched: WatchedExecutions;
  readonly reports: ReportSessions;
  readonly feed: ListFeed;
}

const TICK_MS = 1_000;
/** Pending executions that are looked through for a place in line. */
const LINE_LIMIT = 1_000;

/** Codes that this file sets and clears. */
const CODES: readonly string[] = [
  NoticeCode.NO_RUNNER,
  NoticeCode.NO_WORKFLOW_RUNNER,
  NoticeCode.RUNNER_LOST,
  NoticeCode.SLOTS_BUSY,
  NoticeCode.TEMPORAL_DOWN,
  NoticeCode.WORKER_DOWN,
];

type Tracked = Omit<Standing, 'lost'>;

/**
 * Finds out why an execution that somebody watches does not move, and says so; takes it back when it is over. Looks once a second, and at
 * once when a lease is given or lost. What it needs of an execution it holds in memory, so that a look at ten thousand reads nothing.
 */
export class Liveness {
  readonly #context: LivenessContext;
  readonly #pollers: QueuePollers;
  readonly #tracked = new Map<string, Tracked>();
  readonly #stops: (() => void)[] = [];
  #cancelTick: () => void = () => undefined;
  #looking = false;
  #lookAgain = false;
  #stopped = false;

  constructor(context: LivenessContext) {
    this.#context = context;
    this.#pollers = new QueuePollers(context);
  }

  start(): void {
    const { leases, feed, watched } = this.#context;
    this.#stops.push(
      leases.onChange(() => this.look()),
      feed.listen((event) => this.#follow(event)),
      watched.onChange((id, isWatched) => (isWatched ? void this.#track(id) : this.#tracked.delete(id))),
    );
    this.#tick();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTick();
    for (const stop of this.#stops) stop();
  }

  /** Looks now: something has changed. */
  look(): void {
    if (this.#looking) this.#lookAgain = true;
    else void this.#lookAtAll();
  }

  #tick(): void {
    this.#cancelTick = this.#context.clock.setTimer(TICK_MS, () => {
      this.look();
      this.#tick();
    });
  }

  async #track(id: string): Promise<void> {
    const { store, watched, log } = this.#context;
    try {
      const stored = await store.executions.get(id);
      if (stored === undefined || isTerminal(stored.head.phase) || !watched.has(id)) return;
      this.#tracked.set(id, { id, kind: stored.row.kind, phase: stored.head.phase, createdAt: stored.row.createdAt });
    } catch (error) {
      log.warn({ err: error, execution: id }, 'it cannot be told why an execution does not move, since it cannot be read');
    }
  }

  #follow(event: ListEvent): void {
    const tracked = this.#tracked.get(event.executionId);
    if (tracked === undefined) return;
    if (event.type === 'deleted' || isTerminal(event.head.phase)) this.#tracked.delete(event.executionId);
    else if (event.head.phase !== tracked.phase) this.#tracked.set(event.executionId, { ...tracked, phase: event.head.phase });
  }

  async #lookAtAll(): Promise<void> {
    this.#looking = true;
    do {
      this.#lookAgain = false;
      try {
        if (this.#tracked.size > 0) await this.#look();
      } catch (error) {
        this.#context.log.warn({ err: error }, 'it could not be found out why executions do not move');
      }
    } while (this.#lookAgain && !this.#stopped);
    this.#looking = false;
  }

  async #look(): Promise<void> {
    const around = await this.#surroundings();
    const { notices, leases, reports } = this.#context;
    for (const tracked of this.#tracked.values()) {
      const { id } = tracked;
      const begun = tracked.phase === (Phase.IN_PROGRESS as number);
      const lost = begun && !reports.has(id) && leases.ofExecution(id) === undefined ? leases.lostWith(id) : undefined;
      const reason = reasonForStandstill({ ...tracked, lost }, around);
      for (const code of CODES) if (code !== reason?.code) notices.clear(id, code);
      if (reason !== undefined) notices.set(id, reason);
    }
  }

  async #surroundings(): Promise<Surroundings> {
    const { temporal, leases, clock, settings } = this.#context;
    return {
      now: clock.now(),
      temporal: { address: temporal.address, state: temporal.state() },
      worker: leases.ofComponent('worker').length > 0,
      lastWorker: leases.lost().findLast(({ lease }) => lease.introduction.component === 'worker'),
      queues: {
        agent_execution: await this.#queue('agent_execution', settings.agentRunnerQueue),
        workflow_execution: await this.#queue('workflow_execution', settings.workflowRunnerQueue),
      },
    };
  }

  async #queue(kind: ExecutionRow['kind'], name: string): Promise<QueueState> {
    const { leases, store } = this.#context;
    const runners = leases.ofQueue(name);
    const wanted = [...this.#tracked.values()].some((tracked) => tracked.kind === kind && tracked.phase !== (Phase.IN_PROGRESS as number));
    const line = wanted && allBusy(runners) ? (await store.executions.list({ kind, phases: [Phase.PENDING] }, { limit: LINE_LIMIT })).items : [];
    return {
      name,
      runners,
      last: leases.lastOfQueue(name),
      polledOtherwise: wanted && runners.length === 0 && (await this.#pollers.anyWithoutLease(name)),
      line: line.map(({ row }) => row.id).toReversed(),
    };
  }
}
