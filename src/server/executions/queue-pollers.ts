import type { ExecutionsContext } from './context.js';

/** A worker polls for a minute at a time, so that one which has not been seen for longer is gone. */
const SEEN_MS = 70_000;
const CACHE_MS = 5_000;

interface Answer {
  readonly at: number;
  readonly identities: readonly string[];
}

/** How our own runners name themselves to Temporal: `<name>-<pid>`. Temporal's SDKs say `<pid>@<host>` where nobody says otherwise. */
const OURS = /^[^@]+-\d+$/;

/**
 * Who polls a queue without having a lease: the original's runners. Our own always have one, and do not count without: Temporal remembers
 * workers for minutes after they are gone.
 */
export class QueuePollers {
  readonly #context: Pick<ExecutionsContext, 'temporal' | 'clock' | 'log'>;
  readonly #answers = new Map<string, Answer>();

  constructor(context: Pick<ExecutionsContext, 'temporal' | 'clock' | 'log'>) {
    this.#context = context;
  }

  async anyWithoutLease(queue: string): Promise<boolean> {
    return (await this.#identities(queue)).some((identity) => !OURS.test(identity));
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
