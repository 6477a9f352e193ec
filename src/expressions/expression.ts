import { Budget, type ExpressionLimits } from './jq/budget.js';
import { bindVariable, type Environment } from './jq/environment.js';
import { LimitExceeded } from './jq/errors.js';
import { Evaluator, type Host } from './jq/evaluate.js';
import type { Json } from './jq/json.js';
import { parse } from './jq/parser.js';
import { resolve } from './jq/resolve.js';
import type { Node } from './jq/syntax.js';

export type { ExpressionLimits } from './jq/budget.js';
export { DEFAULT_LIMITS } from './jq/budget.js';
export { JqError, LimitExceeded, SyntaxFault } from './jq/errors.js';
export type { Host } from './jq/evaluate.js';
export type { Json, JsonObject } from './jq/json.js';

/** An expression that was read and whose names are known. */
export interface Expression {
  readonly source: string;
  readonly tree: Node;
  /** Names of the variables from outside that it may use, with `$`. */
  readonly variables: readonly string[];
}

/** Reads an expression. Throws SyntaxFault with the place when it cannot be read or uses a name that is not there. */
export function compile(source: string, variables: readonly string[]): Expression {
  const tree = parse(source);
  resolve(tree, variables);
  return { source, tree, variables };
}

export interface Evaluation {
  readonly input: Json;
  /** By name, with `$`. One that is not given is null. */
  readonly variables: Readonly<Record<string, Json>>;
  readonly host: Host;
  readonly limits?: ExpressionLimits;
}

export interface Outcome {
  readonly results: Json[];
  /** How much work it was: about 0.2 µs each. */
  readonly steps: number;
}

/**
 * Evaluates an expression: all its results, or the first `most`. Throws JqError when it raises an error, LimitExceeded when it uses more
 * than it may. The same arguments give the same results and the same count of steps, wherever and whenever.
 */
export function evaluate(expression: Expression, { input, variables, host, limits }: Evaluation, most = Infinity): Outcome {
  const budget = new Budget(limits);
  const evaluator = new Evaluator(budget, host);
  const home = expression.variables.reduce<Environment>((outer, name) => bindVariable(outer, name, variables[name] ?? null), undefined);
  const results: Json[] = [];
  try {
    evaluator.stoppable((stop) =>
      evaluator.run(expression.tree, home, input, undefined, (value) => {
        budget.array(1);
        results.push(value);
        if (results.length >= most) stop();
      }),
    );
  } catch (error) {
    // Deep values and deep expressions end here on a small stack, before the count of the nesting does.
    if (error instanceof RangeError) throw new LimitExceeded('the expression or its input is nested too deep');
    throw error;
  }
  return { results, steps: budget.steps };
}
