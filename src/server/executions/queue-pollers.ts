import type { ExecutionsContext } from './context.js';

/** A worker polls for a minute at a time, so that one which has not been seen for longer is gone. */
const SEEN_MS = 70_000;
const CACHE_MS = 5_000;

interface Answer {
  readonly at: number;
  readonly identities: readonly string[];
}

/**
 * Who polls a queue without having a lease: the original's runners. Temporal remembers workers for minutes after they are gone, so those
 * that had a lease and lost it do not count.
 */
export class QueuePollers {
  readonly #context: Pick<ExecutionsContext, 'temporal' | 'leases' | 'clock' | 'log'>;
  readonly #answers = new Map<string, Answer>();

  constructor(context: Pick<ExecutionsContext, 'temporal' | 'leases' | 'clock' | 'log'>) {
    this.#context = context;
  }

  async anyWithoutLease(queue: string): Promise<boolean> {
    const gone = new Set(this.#context.leases.lost().map(({ lease: { introduction } }) => `${introduction.pid}@${introduction.host}`));
    return (await this.#identities(queue)).some((identity) => !gone.has(identity));
  }

  async #identities(queue: string): Promise<readonly string[]> {
    const { temporal, clock, log } = this.#context;
    const now = clock.now();
    const known = this.#answers.get(queue);
    if (known !== undefined && now - known.at < CACHE_MS) return known.identities;
    let identities: readonly string[] = [];
    try {
      const { pollers } = await temporal.describeQueue(queue);
      identities = pollers.filter(({ lastAccessAt }) => now - lastAccessAt < SEEN_MS).map(({ identity }) => identity);
    } catch (error) {
      log.debug({ err: error, queue }, 'Temporal does not say who polls a queue');
    }
    this.#answers.set(queue, { at: now, identities });
    return identities;
  }
}
