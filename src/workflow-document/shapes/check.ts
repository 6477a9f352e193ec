import { SyntaxFault } from '../../expressions/expression.js';
import type { Dialect } from '../document.js';
import { durationMs } from '../duration.js';
import { type Finding, type Findings, suggestion } from '../findings.js';
import { isObject, type Json } from '../json.js';
import { compileSource, conditionSource, expressionSource, isExpression } from '../template.js';

type Path = Finding['path'];

/** What a check knows of the place that it looks at. */
export interface Scope {
  readonly findings: Findings;
  readonly dialect: Dialect;
  /** Variables that expressions here may use, with `$`. */
  readonly variables: readonly string[];
}

/** Looks at one value and tells what is wrong with it. */
export type Check = (value: Json, path: Path, scope: Scope) => void;

/** An object with these keys and no others. Keys that end in `!` must be there. */
export function shape(keys: Readonly<Record<string, Check>>): Check {
  const checks = new Map(Object.entries(keys).map(([key, check]) => [key.replace('!', ''), check]));
  const required = Object.keys(keys).filter((key) => key.endsWith('!')).map((key) => key.slice(0, -1));
  return (value, path, scope) => {
    if (!isObject(value)) return scope.findings.error(path, `must be an object with ${[...checks.keys()].join(', ')}`);
    for (const key of required) if (!Object.hasOwn(value, key)) scope.findings.error(path, `${key} is missing`);
    for (const [key, inner] of Object.entries(value)) {
      const check = checks.get(key);
      if (check) check(inner, [...path, key], scope);
      else scope.findings.error([...path, key], `is not known here${suggestion(key, [...checks.keys()])}`);
    }
  };
}

/** An object whose keys are free. */
export function mapOf(check: Check): Check {
  return (value, path, scope) => {
    if (!isObject(value)) return scope.findings.error(path, 'must be an object');
    for (const [key, inner] of Object.entries(value)) check(inner, [...path, key], scope);
  };
}

export function listOf(check: Check, least = 1): Check {
  return (value, path, scope) => {
    if (!Array.isArray(value)) return scope.findings.error(path, 'must be a list');
    if (value.length < least) scope.findings.error(path, `must have at least ${least} ${least === 1 ? 'item' : 'items'}`);
    value.forEach((item, i) => check(item, [...path, i], scope));
  };
}

export const anything: Check = () => undefined;

export const text: Check = (value, path, { findings }) => {
  if (typeof value !== 'string' || value === '') findings.error(path, `must be a text${typeof value === 'number' ? `: write '${value}' in quotes` : ''}`);
};

export const boolean: Check = (value, path, { findings }) => {
  if (typeof value !== 'boolean') findings.error(path, 'must be true or false');
};

export function integer(least: number, most: number): Check {
  return (value, path, { findings }) => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) findings.error(path, `must be a whole number from ${least} to ${most}`);
  };
}

export function oneOf(...names: readonly string[]): Check {
  return (value, path, { findings }) => {
    if (typeof value !== 'string' || !names.includes(value)) findings.error(path, `must be one of ${names.join(', ')}${typeof value === 'string' ? suggestion(value, names) : ''}`);
  };
}

/** A value or an expression that gives it when the task runs. */
export function orExpression(check: Check): Check {
  return (value, path, scope) => {
    if (typeof value === 'string' && isExpression(value)) template(value, path, scope);
    else check(value, path, scope);
  };
}

/** The first check for texts, the second for the rest. */
export function textOr(forText: Check, other: Check): Check {
  return (value, path, scope) => (typeof value === 'string' ? forText : other)(value, path, scope);
}

/** Any value; expressions in it, at any depth, must be readable. */
export const template: Check = (value, path, scope) => {
  if (typeof value === 'string') {
    if (isExpression(value)) expression(expressionSource(value), path, scope);
  } else if (Array.isArray(value)) value.forEach((item, i) => template(item, [...path, i], scope));
  else if (isObject(value)) for (const [key, inner] of Object.entries(value)) template(inner, [...path, key], scope);
};

/** An object of templates. */
export const templateObject: Check = (value, path, scope) => {
  if (!isObject(value)) scope.findings.error(path, 'must be an object');
  else template(value, path, scope);
};

/** A text, or an expression that gives one. */
export const templateText: Check = orExpression(text);

/** A condition, or what a loop goes through: an expression whose `${ }` may be left out. */
export const condition: Check = (value, path, scope) => {
  if (typeof value === 'boolean') return undefined;
  if (typeof value !== 'string' || value.trim() === '') return scope.findings.error(path, 'must be an expression, such as ${ .count > 1 }');
  return expression(conditionSource(value), path, scope);
};

/** ISO 8601 or an object of units. */
export const duration: Check = orExpression((value, path, { findings }) => {
  if (durationMs(value) === undefined) {
    findings.error(path, 'must be a duration: ISO 8601 in days and smaller, such as PT30S, or an object of days, hours, minutes, seconds, milliseconds; at most a year');
  }
});

/** The address of something: a text, an expression, or `{ uri, authentication }`. */
export function endpoint(authentication: Check): Check {
  return textOr(templateText, shape({ 'uri!': templateText, authentication }));
}

function expression(source: string, path: Path, { findings, variables, dialect }: Scope): void {
  try {
    compileSource(source, variables, dialect);
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    findings.error(path, `the expression cannot be read: ${error.message} (at character ${error.offset + 1} of ${JSON.stringify(source.length > 120 ? `${source.slice(0, 120)}…` : source)})`);
  }
}
