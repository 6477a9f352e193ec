import type { Clock } from '../../contract/clock.js';
import { StigmerError } from '../../contract/errors.js';

/** Events that a runner may have under way without an acknowledgement. */
const LARGEST = 512;
const SMALLEST = 32;
/** A commit that takes longer than this makes the window smaller. */
const SLOW_MS = 100;

/** How much of a report may wait for the disk at a time. It narrows while commits are slow, and opens again when they are not. */
export class ReportWindow {
  readonly #clock: Clock;
  #size = LARGEST;
  #underWay = 0;
  #failure: StigmerError | undefined;
  #waiting: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#size;
  }

  /** The first refusal. */
  get failure(): StigmerError | undefined {
    return this.#failure;
  }

  /** Counts events until they are taken or refused. */
  add(events: number, taken: Promise<void>, onRefusal: (error: StigmerError) => void): void {
    const since = this.#clock.now();
    this.#underWay += events;
    void taken
      .then(
        () => this.#adapt(this.#clock.now() - since),
        (error: unknown) => {
          if (this.#failure !== undefined) return;
          this.#failure = StigmerError.from(error);
          onRefusal(this.#failure);
        },
      )
      .finally(() => {
        this.#underWay -= events;
        for (const wake of this.#waiting.splice(0)) wake();
      });
  }

  /** Resolves when another message may be read. */
  async room(): Promise<void> {
    while (this.#underWay >= this.#size) await this.#change();
  }

  /** Resolves when nothing is under way. */
  async drained(): Promise<void> {
    while (this.#underWay > 0) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #adapt(tookMs: number): void {
    this.#size = tookMs > SLOW_MS ? Math.max(SMALLEST, this.#size >> 1) : Math.min(LARGEST, this.#size + 16);
  }
}
