import type { Logger } from 'pino';
import type { Clock } from '../../contract/clock.js';
import type { Intent, Store } from '../../store/ports.js';

/** Carries out one intent. Resolves when it is done for good; a throw means once more, later. */
export type IntentHandler = (intent: Intent) => Promise<void>;

export interface IntentLoopOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How often the loop looks by itself; it is woken for new intents. */
const POLL_MS = 1_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;
/** Intents under way at a time. */
const PARALLEL = 32;

/** Carries out what must follow a commit, again and again until it is done, across restarts. */
export class IntentLoop {
  readonly #options: IntentLoopOptions;
  #handlers: Readonly<Record<string, IntentHandler>> = {};
  readonly #underWay = new Set<string>();
  #cancelTimer: (() => void) | undefined;
  #looking = false;
  #lookAgain = false;
  #running = false;

  constructor(options: IntentLoopOptions) {
    this.#options = options;
  }

  /** Starts with these handlers, by type of intent. */
  start(handlers: Readonly<Record<string, IntentHandler>>): void {
    this.#handlers = handlers;
    this.#running = true;
    this.wake();
  }

  /** There may be something due. */
  wake(): void {
    if (!this.#running) return;
    if (this.#looking) this.#lookAgain = true;
    else void this.#look();
  }

  stop(): void {
    this.#running = false;
    this.#cancelTimer?.();
  }

  async #look(): Promise<void> {
    const { store, clock, log } = this.#options;
    this.#looking = true;
    this.#cancelTimer?.();
    do {
      this.#lookAgain = false;
      try {
        const due = await store.intents.due(clock.now(), PARALLEL);
        for (const intent of due) this.#begin(intent);
      } catch (error) {
        log.error({ err: error }, 'due intents could not be read');
      }
    } while (this.#lookAgain && this.#running);
    this.#looking = false;
    if (this.#running) this.#cancelTimer = clock.setTimer(POLL_MS, () => this.wake());
  }

  #begin(intent: Intent): void {
    if (this.#underWay.has(intent.id) || this.#underWay.size >= PARALLEL) return;
    this.#underWay.add(intent.id);
    void this.#carryOut(intent).finally(() => {
      this.#underWay.delete(intent.id);
      this.wake();
    });
  }

  async #carryOut(intent: Intent): Promise<void> {
    const { store, clock, log } = this.#options;
    const handler = this.#handlers[intent.type];
    try {
      if (handler === undefined) throw new Error(`this version knows no intent of type ${intent.type}`);
      await handler(intent);
      await store.write([{ op: 'settle-intent', id: intent.id }]);
    } catch (error) {
      const wait = Math.min(FIRST_RETRY_MS * 2 ** Math.min(intent.attempts, 10), LONGEST_RETRY_MS);
      log.warn({ err: error, intent: intent.type, execution: intent.subject, attempt: intent.attempts + 1, retryInMs: wait }, 'an intent is tried again');
      await store
        .write([{ op: 'retry-intent', id: intent.id, dueAt: clock.now() + wait }])
        .catch((reason: unknown) => log.error({ err: reason, intent: intent.id }, 'the time of the next try could not be stored'));
    }
  }
}
