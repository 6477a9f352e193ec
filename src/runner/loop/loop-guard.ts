import { Code, StigmerError } from '../../contract/errors.js';
import type { JsonObject, TokenUsage } from './agent-loop.js';

/** What a run may use. What is not given is without limit. */
export interface LoopLimits {
  /** Calls to the model, those of sub-agents included. */
  readonly steps?: number;
  /** Tokens in and out. */
  readonly tokens?: number;
  /** Millionths of a US dollar. */
  readonly costMicros?: number;
  /** Identical tool calls in a row. */
  readonly repeatedCalls: number;
}

const reasonPrefix = 'LIMIT_';

/** Counts what a run uses, and ends it when that is too much. Each limit has its own sentence. */
export class LoopGuard {
  readonly #limits: LoopLimits;
  #steps = 0;
  #tokens = 0;
  #costMicros = 0;
  #lastCall = '';
  #repeated = 0;

  constructor(limits: LoopLimits) {
    this.#limits = limits;
  }

  /** Before each call to the model. Throws when there has been enough of it. */
  beforeTurn(): void {
    const { steps, tokens, costMicros } = this.#limits;
    if (steps !== undefined && this.#steps >= steps) throw limitError('STEPS', `The run has made ${this.#steps} calls to the model, and max-steps is ${steps}; it was stopped.`);
    if (tokens !== undefined && this.#tokens >= tokens) throw limitError('TOKENS', `The run has used ${this.#tokens} tokens, and max-tokens is ${tokens}; it was stopped.`);
    if (costMicros !== undefined && this.#costMicros >= costMicros) {
      throw limitError('COST', `The run has cost ${dollars(this.#costMicros)} US dollars, and max-cost-usd is ${dollars(costMicros)}; it was stopped.`);
    }
    this.#steps += 1;
  }

  /** Before each tool call. Throws when the same one has been made too often in a row. */
  beforeCall(name: string, args: JsonObject): void {
    const call = JSON.stringify([name, sorted(args)]);
    this.#repeated = call === this.#lastCall ? this.#repeated + 1 : 1;
    this.#lastCall = call;
    if (this.#repeated <= this.#limits.repeatedCalls) return;
    throw limitError('REPEATED_CALLS', `The agent has called ${name} ${this.#repeated - 1} times in a row with the same arguments; it was stopped (max-repeated-calls).`);
  }

  afterTurn({ inputTokens, outputTokens, costMicros }: TokenUsage): void {
    this.#tokens += inputTokens + outputTokens;
    this.#costMicros += costMicros;
  }
}

/** The error that ends a run because of a limit, in one that a library may have wrapped; undefined when there is none. */
export function limitErrorIn(error: unknown): StigmerError | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth++) {
    if (at instanceof StigmerError && at.reason?.startsWith(reasonPrefix) === true) return at;
  }
  return undefined;
}

function limitError(what: string, message: string): StigmerError {
  const reason = `${reasonPrefix}${what}`;
  return new StigmerError(Code.RESOURCE_EXHAUSTED, message, { details: [{ type: 'ErrorInfo', reason, domain: 'stigmer.ai', metadata: {} }] });
}

function dollars(micros: number): string {
  return (micros / 1_000_000).toFixed(6).replace(/\.?0+$/, '');
}

/** The value with the keys of its objects in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, sorted(one)]),
  );
}
