import { Code, StigmerError } from '../../contract/errors.js';
import { Phase } from '../../contract/phases.js';
import type { Update } from '../../execution/update.js';
import type { StoredExecution } from '../../store/ports.js';
import type { WorkflowDescription } from '../../workflows/client.js';
import type { ExecutionsContext } from './context.js';
import { executionIntent, intentId } from './execution-intents.js';

/** Executions that are compared at a time. */
const PARALLEL = 16;
const PAGE = 200;
/** An execution younger than this is still being started. */
const YOUNG_MS = 15_000;

/**
 * Compares every execution that has not ended with its workflow, so that none waits for something that will never come: one that was
 * never started is started, one whose workflow is gone, or has ended without a word, ends with that reason. At the start, on Temporal's
 * return, and every few seconds.
 */
export class Reconciler {
  readonly #context: ExecutionsContext;
  /** When a workflow was first seen to be over while its execution was not, by execution. */
  readonly #overSince = new Map<string, number>();
  #cancelTimer: () => void = () => undefined;
  #stopped = false;
  #passing = false;

  constructor(context: ExecutionsContext) {
    this.#context = context;
  }

  start(): void {
    void this.#pass();
  }

  /** Compares now: Temporal has come back. */
  wake(): void {
    if (this.#passing || this.#stopped) return;
    this.#cancelTimer();
    void this.#pass();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
  }

  async #pass(): Promise<void> {
    const { clock, settings, log } = this.#context;
    this.#passing = true;
    try {
      await this.compareAll();
    } catch (error) {
      const silent = error instanceof StigmerError && (error.code === Code.UNAVAILABLE || error.code === Code.DEADLINE_EXCEEDED);
      log[silent ? 'debug' : 'error']({ err: error }, 'executions could not be compared with their workflows');
    }
    this.#passing = false;
    if (!this.#stopped) this.#cancelTimer = clock.setTimer(settings.reconcileMs, () => void this.#pass());
  }

  /** One pass. Throws when Temporal does not answer. */
  async compareAll(): Promise<void> {
    const { store, temporal } = this.#context;
    const seen = new Set<string>();
    let after: string | undefined;
    do {
      const page = await store.executions.list({ phases: [Phase.PENDING, Phase.IN_PROGRESS] }, { ...(after === undefined ? {} : { after }), limit: PAGE });
      // The sign of life costs one call, where a thousand executions would each wait for theirs in vain.
      if (after === undefined && page.items.length > 0) await temporal.health();
      for (let at = 0; at < page.items.length && !this.#stopped; at += PARALLEL) {
        await Promise.all(page.items.slice(at, at + PARALLEL).map((stored) => this.#compare(stored)));
      }
      for (const { row } of page.items) seen.add(row.id);
      after = page.next;
    } while (after !== undefined && !this.#stopped);
    for (const id of this.#overSince.keys()) if (!seen.has(id)) this.#overSince.delete(id);
  }

  async #compare(stored: StoredExecution): Promise<void> {
    const { row } = stored;
    const description = await this.#context.temporal.describe(row.kind, row.id);
    if (description.state === 'running') this.#overSince.delete(row.id);
    else if (description.state === 'notFound') await this.#missing(stored);
    else await this.#ended(stored, description);
  }

  async #missing({ row, head }: StoredExecution): Promise<void> {
    const { clock, store, intents } = this.#context;
    const now = clock.now();
    if (now - row.createdAt < YOUNG_MS) return;
    if (head.phase === (Phase.IN_PROGRESS as number)) {
      await this.#end(row.id, {
        type: 'failure',
        error: 'Temporal has no history of this run any more, so nobody drives it. What was said is kept; run it again if it is still wanted.',
      });
      return;
    }
    const pending = await store.intents.forSubject(row.id);
    const types = ['start-workflow', 'end-cancelled'] as const;
    if (types.some((type) => pending.some(({ id }) => id === intentId(type, row.id)))) return;
    await store.write([{ op: 'put-intent', intent: executionIntent('start-workflow', row.id, now) }]);
    intents.wake();
  }

  async #ended({ row }: StoredExecution, { state, reason }: WorkflowDescription): Promise<void> {
    const { clock, settings } = this.#context;
    const why = reason === undefined || reason === '' ? '' : `: ${reason}`;
    switch (state) {
      case 'cancelled':
        return this.#end(row.id, { type: 'cancelled', reason: `the workflow was cancelled at Temporal${why}` });
      case 'terminated':
        return this.#end(row.id, { type: 'cancelled', reason: `the workflow was terminated at Temporal${why}` });
      case 'timedOut':
        return this.#end(row.id, { type: 'failure', error: `The workflow timed out at Temporal${why}` });
      default: {
        // Its last word may be on the way.
        const since = this.#overSince.get(row.id) ?? clock.now();
        this.#overSince.set(row.id, since);
        if (clock.now() - since < settings.endGraceMs) return;
        const error = state === 'failed' ? `The workflow failed${why}` : 'The workflow ended without a final status, so nothing is known of the outcome';
        return this.#end(row.id, { type: 'failure', error });
      }
    }
  }

  async #end(id: string, update: Update): Promise<void> {
    const { actors, log } = this.#context;
    try {
      await actors.actor(id).submit({ update, answer: () => undefined });
      log.info({ execution: id, end: update.type }, 'an execution was ended, since its workflow is over');
    } catch (error) {
      // It has ended in the meantime, or was deleted.
      if (error instanceof StigmerError && (error.code === Code.FAILED_PRECONDITION || error.code === Code.NOT_FOUND)) return;
      throw error;
    }
  }
}
