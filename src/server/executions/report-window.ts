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

  /** Counts events until they are taken or refused, and says which it was. After the first refusal nothing more is said. */
  add(events: number, taken: Promise<void>, outcome: { readonly taken: () => void; readonly refused: (error: StigmerError) => void }): void {
    const since = this.#clock.now();
    this.#underWay += events;
    const onTaken = (): void => {
      this.#adapt(this.#clock.now() - since);
      outcome.taken();
      this.#release(events);
    };
    const onRefused = (error: unknown): void => {
      const first = this.#failure === undefined;
      this.#failure ??= StigmerError.from(error);
      if (first) outcome.refused(this.#failure);
      this.#release(events);
    };
    void taken.then(onTaken, onRefused);
  }

  get full(): boolean {
    return this.#underWay >= this.#size;
  }

  /** Resolves when another message may be read. */
  async room(): Promise<void> {
    while (this.full) await this.#change();
  }

  /** Resolves when nothing is under way. */
  async drained(): Promise<void> {
    while (this.#underWay > 0) await this.#change();
  }

  #release(events: number): void {
    this.#underWay -= events;
    if (this.#waiting.length > 0) for (const wake of this.#waiting.splice(0)) wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #adapt(tookMs: number): void {
    this.#size = tookMs > SLOW_MS ? Math.max(SMALLEST, this.#size >> 1) : Math.min(LARGEST, this.#size + 16);
  }
}
