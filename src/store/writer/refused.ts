import type { Refusal } from './protocol.js';

/** Thrown within a write to refuse it: it is rolled back, the others of its commit go on. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.type);
    this.refusal = refusal;
  }
}
