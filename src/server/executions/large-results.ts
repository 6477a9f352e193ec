import { createHash } from 'node:crypto';
import { moveLargeResults } from '../../execution/large-results.js';
import type { Update } from '../../execution/update.js';
import type { ArtifactStore } from '../../store/ports.js';

/**
 * Keeps tool results that are too large for the state as artifacts, and gives the update that refers to them: at once when there are
 * none, which is the rule.
 */
export function keepLargeResults(artifacts: ArtifactStore, executionId: string, update: Update): Update | Promise<Update> {
  const keyOf = (_toolCallId: string, result: string): string =>
    `executions/${executionId}/results/${createHash('sha256').update(result).digest('hex')}.txt`;
  const { update: without, moved } = moveLargeResults(update, keyOf);
  if (moved.length === 0) return update;
  // A result that is sent again has the same key, and takes its own place.
  return Promise.all(moved.map(({ key, result }) => artifacts.put(key, Buffer.from(result, 'utf8')))).then(() => without);
}
