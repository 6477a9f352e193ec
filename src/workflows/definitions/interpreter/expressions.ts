import { uuid4 } from '@temporalio/workflow';
import { evaluate, type Expression, JqError, LimitExceeded, SyntaxFault } from '../../../expressions/expression.js';
import { copyObject, isTrue, setKey } from '../../../expressions/jq/json.js';
import type { Dialect } from '../../../workflow-document/document.js';
import { isObject, type Json, type JsonObject } from '../../../workflow-document/json.js';
import { compileSource, conditionSource, expressionSource, isExpression, placeholdersIn, replacePlaceholders, VARIABLES } from '../../../workflow-document/template.js';
import { standardError } from './error.js';

/** What an expression is evaluated with. */
export interface Situation {
  /** `.` */
  readonly input: Json;
  /** With `$`. */
  readonly variables: Readonly<Record<string, Json>>;
}

/** Longest result of an expression, as JSON: what a task hands on must fit into what Temporal takes. */
const LARGEST_RESULT = 1024 * 1024;

/** Evaluates the expressions of one run. */
export class Expressions {
  readonly #dialect: Dialect;
  /** The text that stands for a placeholder of the original's. */
  readonly #placeholder: (kind: 'secrets' | 'env_vars', name: string) => string;
  readonly #compiled = new Map<string, Expression>();
  /** Steps since the run last waited for something. */
  steps = 0;

  constructor(dialect: Dialect, placeholder: (kind: 'secrets' | 'env_vars', name: string) => string) {
    this.#dialect = dialect;
    this.#placeholder = placeholder;
  }

  /** A value of the document with its expressions evaluated, at any depth. The value itself stays as it is. */
  template(value: Json, situation: Situation): Json {
    if (typeof value === 'string') {
      if (isExpression(value)) return this.#evaluate(expressionSource(value), situation);
      return placeholdersIn(value).length === 0 ? value : replacePlaceholders(value, ({ kind, name }) => this.#placeholder(kind, name));
    }
    if (Array.isArray(value)) return value.map((item) => this.template(item, situation));
    if (!isObject(value)) return value;
    const result: JsonObject = {};
    for (const [key, inner] of Object.entries(value)) setKey(result, key, this.template(inner, situation));
    return result;
  }

  /** What stands where only an expression can stand: `${ }` may be missing. */
  value(source: Json, situation: Situation): Json {
    return typeof source === 'string' ? this.#evaluate(conditionSource(source), situation) : this.template(source, situation);
  }

  /** Whether a condition holds. The original took the texts "true" and "1" for true, and nothing but true else. */
  holds(source: Json, situation: Situation): boolean {
    const result = this.value(source, situation);
    if (this.#dialect === 'specification') return isTrue(result);
    return result === true || (typeof result === 'string' && ['true', '1'].includes(result.toLowerCase()));
  }

  #evaluate(source: string, { input, variables }: Situation): Json {
    try {
      const { results, steps } = evaluate(this.#compile(source, variables), { input, variables, host: { now: () => Date.now() / 1_000, uuid: uuid4 } }, 1);
      this.steps += steps;
      const [result] = results;
      if (result === undefined) throw standardError('expression', `the expression gave no result: ${shorten(source)}`);
      if (typeof result === 'object' && result !== null && JSON.stringify(result).length > LARGEST_RESULT) {
        throw standardError('expression', `the result of the expression has more than ${LARGEST_RESULT} characters: ${shorten(source)}`);
      }
      return detached(result);
    } catch (error) {
      if (error instanceof JqError || error instanceof LimitExceeded || error instanceof SyntaxFault) {
        throw standardError('expression', `${error.message}, in ${shorten(source)}`);
      }
      throw error;
    }
  }

  #compile(source: string, variables: Situation['variables']): Expression {
    const names = [...new Set([...VARIABLES, ...Object.keys(variables)])];
    const key = `${names.join(' ')}|${source}`;
    const known = this.#compiled.get(key);
    if (known) return known;
    const compiled = compileSource(source, names, this.#dialect);
    if (this.#compiled.size < 2_000) this.#compiled.set(key, compiled);
    return compiled;
  }
}

/** A literal object of the expression's tree must not be shared with what tasks keep. */
function detached(value: Json): Json {
  return isObject(value) ? copyObject(value) : Array.isArray(value) ? [...value] : value;
}

function shorten(source: string): string {
  return source.length <= 200 ? source : `${source.slice(0, 200)}…`;
}
