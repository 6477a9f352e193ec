import type { Budget } from './budget.js';
import { JqError, shown } from './errors.js';
import { compare, copyObject, equal, getKey, isObject, type Json, type JsonObject, setKey } from './json.js';
import type { BinaryOperator } from './syntax.js';

/** The result of an operator on two values. */
export function calculate(operator: BinaryOperator, a: Json, b: Json, budget: Budget): Json {
  switch (operator) {
    case '+':
      return add(a, b, budget);
    case '-':
      return subtract(a, b, budget);
    case '*':
      return multiply(a, b, budget);
    case '/':
      return divide(a, b, budget);
    case '%':
      return remainder(a, b);
    case '==':
      return equal(a, b);
    case '!=':
      return !equal(a, b);
    case '<':
      return compare(a, b) < 0;
    case '<=':
      return compare(a, b) <= 0;
    case '>':
      return compare(a, b) > 0;
    case '>=':
      return compare(a, b) >= 0;
  }
}

export function add(a: Json, b: Json, budget: Budget): Json {
  if (a === null) return b;
  if (b === null) return a;
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (typeof a === 'string' && typeof b === 'string') {
    budget.text(a.length + b.length);
    return a + b;
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    budget.array(a.length + b.length);
    return [...a, ...b];
  }
  if (isObject(a) && isObject(b)) {
    budget.object(Object.keys(a).length + Object.keys(b).length);
    const sum = copyObject(a);
    for (const key of Object.keys(b)) setKey(sum, key, b[key] as Json);
    return sum;
  }
  throw new JqError(`${shown(a)} and ${shown(b)} cannot be added`);
}

function subtract(a: Json, b: Json, budget: Budget): Json {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < a.length; i++) budget.array(b.length);
    return a.filter((item) => !b.some((other) => equal(item, other)));
  }
  throw new JqError(`${shown(a)} and ${shown(b)} cannot be subtracted`);
}

function multiply(a: Json, b: Json, budget: Budget): Json {
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  if (typeof a === 'string' && typeof b === 'number') return repeat(a, b, budget);
  if (typeof a === 'number' && typeof b === 'string') return repeat(b, a, budget);
  if (isObject(a) && isObject(b)) return mergeDeep(a, b, budget);
  throw new JqError(`${shown(a)} and ${shown(b)} cannot be multiplied`);
}

function repeat(text: string, times: number, budget: Budget): Json {
  if (!(times > 0)) return null;
  const count = times < 1 ? 1 : Math.floor(times);
  budget.text(text.length * count);
  return text.repeat(count);
}

function mergeDeep(a: JsonObject, b: JsonObject, budget: Budget): JsonObject {
  budget.object(Object.keys(a).length + Object.keys(b).length);
  const merged = copyObject(a);
  for (const key of Object.keys(b)) {
    const left = getKey(merged, key);
    const right = b[key] as Json;
    setKey(merged, key, isObject(left) && isObject(right) ? mergeDeep(left, right, budget) : right);
  }
  return merged;
}

function divide(a: Json, b: Json, budget: Budget): Json {
  if (typeof a === 'number' && typeof b === 'number') {
    if (b === 0) throw new JqError(`${shown(a)} and ${shown(b)} cannot be divided because the divisor is zero`);
    return a / b;
  }
  if (typeof a === 'string' && typeof b === 'string') return split(a, b, budget);
  throw new JqError(`${shown(a)} and ${shown(b)} cannot be divided`);
}

/** The parts of a text between separators; without a separator its characters. */
export function split(text: string, separator: string, budget: Budget): string[] {
  budget.array(text.length);
  if (text === '') return [];
  return separator === '' ? [...text] : text.split(separator);
}

function remainder(a: Json, b: Json): Json {
  if (typeof a !== 'number' || typeof b !== 'number') throw new JqError(`${shown(a)} and ${shown(b)} cannot be divided`);
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
  const divisor = Math.abs(whole(b));
  if (divisor === 0) throw new JqError(`${shown(a)} and ${shown(b)} cannot be divided because the divisor is zero`);
  const rest = whole(a) % divisor;
  return rest === 0 ? 0 : rest;
}

function whole(value: number): number {
  const limit = 2 ** 63;
  return Math.trunc(Math.min(Math.max(value, -limit), limit));
}
