import type { Json } from './json.js';
import type { Definition, Node } from './syntax.js';

/** What names mean at a place: a list, the nearest first. */
export type Environment = Binding | undefined;

export type Binding =
  | { readonly type: 'variable'; readonly name: string; readonly value: Json; readonly outer: Environment }
  /** A function; its body sees itself and what is outside of it. */
  | { readonly type: 'function'; readonly name: string; readonly definition: Definition; readonly outer: Environment }
  /** A parameter that is an expression, with where it was written. */
  | { readonly type: 'closure'; readonly name: string; readonly node: Node; readonly home: Environment; readonly outer: Environment }
  | { readonly type: 'label'; readonly name: string; readonly id: object; readonly outer: Environment };

/** Name of a function with the number of its parameters, as jq writes it. */
export function signature(name: string, parameters: number): string {
  return `${name}/${parameters}`;
}

export function bindVariable(outer: Environment, name: string, value: Json): Environment {
  return { type: 'variable', name, value, outer };
}

export function lookUp(environment: Environment, type: 'variable' | 'label', name: string): Binding | undefined {
  for (let at = environment; at; at = at.outer) if (at.type === type && at.name === name) return at;
  return undefined;
}

/** A function or parameter by its signature. */
export function lookUpFunction(environment: Environment, name: string): Extract<Binding, { type: 'function' | 'closure' }> | undefined {
  for (let at = environment; at; at = at.outer) if ((at.type === 'function' || at.type === 'closure') && at.name === name) return at;
  return undefined;
}
