import { StigmerError } from '../../contract/errors.js';
import { modelFailureIn } from '../model/model-failure.js';

/** Why a run failed, in a sentence for a person. */
export function failureSentence(error: unknown): string {
  const known = modelFailureIn(error) ?? stigmerErrorIn(error);
  if (known !== undefined) return known.message;
  if (error instanceof Error && error.name === 'GraphRecursionError') {
    return 'The agent took more than 1000 steps without coming to an end; it was stopped.';
  }
  const text = error instanceof Error ? error.message || error.name : String(error);
  return `The agent failed: ${text}`;
}

function stigmerErrorIn(error: unknown): StigmerError | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth++) {
    if (at instanceof StigmerError) return at;
  }
  return undefined;
}
