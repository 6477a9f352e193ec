import { isTerminal, Phase } from '../../contract/phases.js';
import type { StoredExecution } from '../../store/ports.js';
import type { ExecutionsContext } from './context.js';
import { noRunner, NoticeCode, runnerLost, slotsBusy, temporalDown, workerDown } from './notice-texts.js';
import { QueuePollers } from './queue-pollers.js';
import type { ReportSessions } from './report-sessions.js';
import type { NoticeInit } from './standing-notices.js';
import type { WatchedExecutions } from './watched-executions.js';

export interface LivenessContext extends ExecutionsContext {
  readonly watched: WatchedExecutions;
  readonly reports: ReportSessions;
}

const TICK_MS = 1_000;
/** A pending execution is given so long to start before anything is said about it. */
const PATIENCE_MS = 1_500;
/** Codes that this file sets and clears. */
const CODES = [
  NoticeCode.NO_RUNNER,
  NoticeCode.NO_WORKFLOW_RUNNER,
  NoticeCode.RUNNER_LOST,
  NoticeCode.SLOTS_BUSY,
  NoticeCode.TEMPORAL_DOWN,
  NoticeCode.WORKER_DOWN,
];

/**
 * Finds out why an execution that somebody watches does not move, and says so; takes it back when it is over. Looks once a second, and at
 * once when a lease is given or lost.
 */
export class Liveness {
  readonly #context: LivenessContext;
  readonly #pollers: QueuePollers;
  #cancelTick: () => void = () => undefined;
  #stopListening: () => void = () => undefined;
  #looking = false;
  #lookAgain = false;
  #stopped = false;

  constructor(context: LivenessContext) {
    this.#context = context;
    this.#pollers = new QueuePollers(context);
  }

  start(): void {
    this.#stopListening = this.#context.leases.onChange(() => this.look());
    this.#tick();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTick();
    this.#stopListening();
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

  async #lookAtAll(): Promise<void> {
    this.#looking = true;
    do {
      this.#lookAgain = false;
      for (const id of this.#context.watched.ids()) {
        if (this.#stopped) break;
        try {
          await this.#lookAt(id);
        } catch (error) {
          this.#context.log.warn({ err: error, execution: id }, 'it could not be found out why an execution does not move');
        }
      }
    } while (this.#lookAgain && !this.#stopped);
    this.#looking = false;
  }

  async #lookAt(id: string): Promise<void> {
    const { store, notices } = this.#context;
    const stored = await store.executions.get(id);
    if (stored === undefined || isTerminal(stored.head.phase)) return;
    const found = await this.#reasons(stored);
    for (const code of CODES) if (!found.some((notice) => notice.code === code)) notices.clear(id, code);
    for (const notice of found) notices.set(id, notice);
  }

  /** What keeps the execution from moving: the first thing on its way that is missing. */
  async #reasons({ row, head }: StoredExecution): Promise<readonly NoticeInit[]> {
    const { temporal, leases, clock, settings, reports } = this.#context;
    const now = clock.now();
    const pending = head.phase !== (Phase.IN_PROGRESS as number);
    if (pending && now - row.createdAt < PATIENCE_MS) return [];
    if (!pending) {
      const lost = leases.ofExecution(row.id) === undefined && !reports.has(row.id) ? leases.lostWith(row.id) : undefined;
      return lost === undefined ? [] : [runnerLost(lost)];
    }
    const state = temporal.state();
    if (state.state === 'down') return [temporalDown(this.#context, state.error)];
    const worker = leases.ofComponent('worker');
    if (worker.length === 0) return [workerDown(leases.lost().findLast(({ lease }) => lease.introduction.component === 'worker'))];
    const agent = row.kind === 'agent_execution';
    const queue = agent ? settings.agentRunnerQueue : settings.workflowRunnerQueue;
    const runners = leases.ofQueue(queue);
    if (runners.length === 0) {
      if (await this.#pollers.anyWithoutLease(queue)) return [];
      return [noRunner(agent ? 'agent-runner' : 'workflow-runner', queue, leases.lastOfQueue(queue))];
    }
    const slots = runners.reduce((sum, { introduction }) => sum + introduction.slots, 0);
    const used = runners.reduce((sum, { slotsUsed }) => sum + slotsUsed, 0);
    return used >= slots ? [slotsBusy(runners.length, slots, await this.#ahead(row.id, row.kind))] : [];
  }

  /** How many pending executions came before this one. */
  async #ahead(id: string, kind: StoredExecution['row']['kind']): Promise<number | undefined> {
    const limit = 1_000;
    const page = await this.#context.store.executions.list({ kind, phases: [Phase.PENDING] }, { limit });
    const place = page.items.findIndex(({ row }) => row.id === id);
    return place < 0 ? undefined : page.total - place - 1;
  }
}
