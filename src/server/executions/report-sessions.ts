import { failedPrecondition } from '../../contract/errors.js';

interface Session {
  readonly attempt: number;
  readonly stop: (reason: string) => void;
}

/** The reports that are open, by execution: whom to tell when a run is not wanted any more. */
export class ReportSessions {
  readonly #open = new Map<string, Set<Session>>();

  /**
   * Notes an open report; those of lower attempts are stopped. Gives the function that takes it out again. FAILED_PRECONDITION when a
   * higher attempt reports.
   */
  enter(executionId: string, attempt: number, stop: (reason: string) => void): () => void {
    const sessions = this.#open.get(executionId) ?? new Set();
    for (const other of sessions) {
      if (other.attempt > attempt) {
        throw failedPrecondition(`attempt ${attempt} was given up on: attempt ${other.attempt} has the run now`, { reason: 'ATTEMPT_OVERTAKEN' });
      }
    }
    for (const other of sessions) if (other.attempt < attempt) other.stop(`attempt ${attempt} has the run now`);
    const session = { attempt, stop };
    sessions.add(session);
    this.#open.set(executionId, sessions);
    return () => {
      sessions.delete(session);
      if (sessions.size === 0) this.#open.delete(executionId);
    };
  }

  stop(executionId: string, reason: string): void {
    for (const { stop } of this.#open.get(executionId) ?? []) stop(reason);
  }

  /** Whether a runner reports on this execution at this moment. */
  has(executionId: string): boolean {
    return this.#open.has(executionId);
  }

  get size(): number {
    return this.#open.size;
  }
}
