import { Code, StigmerError } from '../../contract/errors.js';
import type { Store, WriteOp } from '../../store/ports.js';

/** How often a plan is made before its refusal is the caller's. */
const ATTEMPTS = 5;

/**
 * Makes a plan and writes it in one transaction. When the store refuses because something changed since the plan was made, the plan
 * is made anew, from what is there now: five times in all. A plan without changes is not written.
 */
export async function transact<T extends { readonly ops: readonly WriteOp[] }>(store: Store, plan: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const planned = await plan();
    if (planned.ops.length === 0) return planned;
    try {
      await store.write(planned.ops);
      return planned;
    } catch (error) {
      if (attempt === ATTEMPTS || !isOutdated(error)) throw error;
    }
  }
}

/**
 * Whether the store refused a plan for what it found: another version, a slug or key taken, a reference or a row gone. A second plan
 * either fits or fails with the words that belong to it.
 */
function isOutdated(error: unknown): boolean {
  const codes: readonly Code[] = [Code.ABORTED, Code.ALREADY_EXISTS, Code.FAILED_PRECONDITION, Code.NOT_FOUND];
  return error instanceof StigmerError && codes.includes(error.code);
}
