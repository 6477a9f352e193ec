import { type Annotated, type Annotation, annotations, readAnnotation } from '../../contract/annotations.js';
import { failedPrecondition } from '../../contract/errors.js';
import type { LoopLimits } from '../loop/loop-guard.js';
import type { ModelSettings } from '../model/model-settings.js';

/** Identical tool calls in a row, where nobody says how many. */
const repeatedCalls = 10;

/**
 * What a run may use: as the execution says, else as its agent says. Throws StigmerError FAILED_PRECONDITION for a limit that cannot be
 * kept: of cost, when nobody has said what the model costs.
 */
export function loopLimits(execution: Annotated | undefined, agent: Annotated | undefined, settings: ModelSettings): LoopLimits {
  const read = <T>(annotation: Annotation<T>): T | undefined => readAnnotation(execution, annotation) ?? readAnnotation(agent, annotation);
  const steps = read(annotations.maxSteps);
  const tokens = read(annotations.maxTokens);
  const cost = read(annotations.maxCost);
  if (cost !== undefined && settings.price === undefined) {
    throw failedPrecondition(
      `${annotations.maxCost.key} is ${cost}, and what the model costs is not known: set STIGMER_LLM_PRICE_INPUT and STIGMER_LLM_PRICE_OUTPUT of the agent-runner.`,
    );
  }
  return {
    repeatedCalls: read(annotations.maxRepeatedCalls) ?? repeatedCalls,
    ...(steps === undefined ? {} : { steps }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(cost === undefined ? {} : { costMicros: Math.round(cost * 1_000_000) }),
  };
}
