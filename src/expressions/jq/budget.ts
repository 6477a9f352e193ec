import { LimitExceeded } from './errors.js';

export interface ExpressionLimits {
  /** Steps of one evaluation: about 0.2 µs each. */
  readonly steps: number;
  /** Elements of arrays, four per key of an object and one per four characters, made in all during one evaluation. */
  readonly cells: number;
  /** Nesting of calls and operators at run time. */
  readonly depth: number;
}

export const DEFAULT_LIMITS: ExpressionLimits = { steps: 2_000_000, cells: 16_000_000, depth: 1_200 };

/**
 * What one evaluation has left. Counted, not timed, so that an evaluation which is repeated ends at the same place.
 */
export class Budget {
  readonly #limits: ExpressionLimits;
  #cells = 0;
  /** Steps so far. */
  steps = 0;
  /** Present nesting; whoever catches an error sets it back. */
  depth = 0;

  constructor(limits: ExpressionLimits = DEFAULT_LIMITS) {
    this.#limits = limits;
  }

  step(): void {
    this.steps += 1;
    if (this.steps > this.#limits.steps) throw new LimitExceeded(`the expression takes more than ${this.#limits.steps} steps`);
  }

  enter(): void {
    this.step();
    this.depth += 1;
    if (this.depth > this.#limits.depth) throw new LimitExceeded(`the expression is nested more than ${this.#limits.depth} deep`);
  }

  leave(): void {
    this.depth -= 1;
  }

  array(length: number): void {
    this.#take(length);
  }

  object(keys: number): void {
    this.#take(4 * keys);
  }

  text(length: number): void {
    this.#take(length / 4);
  }

  #take(cells: number): void {
    this.#cells += cells;
    if (this.#cells > this.#limits.cells) throw new LimitExceeded(`the expression makes more than ${this.#limits.cells} values`);
  }
}
