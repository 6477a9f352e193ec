import type { Intent } from '../../store/ports.js';

/** What must happen after a commit on behalf of an execution. */
export type ExecutionIntent =
  /** Start the execution's workflow. */
  | 'start-workflow'
  /** Ask the workflow to cancel. */
  | 'cancel-workflow'
  /** End a cancelled execution whose runner had its time for a last word. */
  | 'end-cancelled'
  /** Answer the activity of another workflow that waits for the execution. */
  | 'complete-token';

/** Of each type an execution has one intent at most. */
export function intentId(type: ExecutionIntent, executionId: string): string {
  return `${type}:${executionId}`;
}

/** `dueAt` in milliseconds since 1970; `payload` must hold no secrets. */
export function executionIntent(type: ExecutionIntent, executionId: string, dueAt: number, payload: Readonly<Record<string, string>> = {}): Intent {
  return { id: intentId(type, executionId), type, subject: executionId, payload: JSON.stringify(payload), dueAt, attempts: 0 };
}

/** For an intent that waits for something else to happen, which will set its time. */
export const NEVER = Number.MAX_SAFE_INTEGER;
