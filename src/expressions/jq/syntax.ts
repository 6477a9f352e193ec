import type { Json } from './json.js';

export type BinaryOperator = '+' | '-' | '*' | '/' | '%' | '==' | '!=' | '<' | '<=' | '>' | '>=';
export type UpdateOperator = '=' | '|=' | '+=' | '-=' | '*=' | '/=' | '%=' | '//=';

/** An expression as a tree. */
export type Node =
  | { readonly type: 'identity' }
  | { readonly type: 'literal'; readonly value: Json }
  | { readonly type: 'text'; readonly format: string; readonly parts: readonly (string | Node)[] }
  | { readonly type: 'format'; readonly name: string }
  | { readonly type: 'array'; readonly items: Node | undefined }
  | { readonly type: 'object'; readonly entries: readonly { readonly key: Node; readonly value: Node }[] }
  | { readonly type: 'index'; readonly target: Node; readonly key: Node }
  | { readonly type: 'slice'; readonly target: Node; readonly from: Node | undefined; readonly to: Node | undefined }
  | { readonly type: 'iterate'; readonly target: Node }
  | { readonly type: 'negate'; readonly operand: Node }
  | { readonly type: 'pipe'; readonly left: Node; readonly right: Node }
  | { readonly type: 'comma'; readonly left: Node; readonly right: Node }
  | { readonly type: 'binary'; readonly operator: BinaryOperator; readonly left: Node; readonly right: Node }
  | { readonly type: 'and' | 'or'; readonly left: Node; readonly right: Node }
  | { readonly type: 'alternative'; readonly left: Node; readonly right: Node }
  | { readonly type: 'update'; readonly operator: UpdateOperator; readonly left: Node; readonly right: Node }
  | { readonly type: 'try'; readonly body: Node; readonly handler: Node | undefined }
  | { readonly type: 'if'; readonly condition: Node; readonly consequence: Node; readonly otherwise: Node | undefined }
  | { readonly type: 'reduce'; readonly source: Node; readonly patterns: readonly Pattern[]; readonly start: Node; readonly update: Node }
  | {
      readonly type: 'foreach';
      readonly source: Node;
      readonly patterns: readonly Pattern[];
      readonly start: Node;
      readonly update: Node;
      readonly extract: Node | undefined;
    }
  | { readonly type: 'bind'; readonly source: Node; readonly patterns: readonly Pattern[]; readonly body: Node }
  | { readonly type: 'define'; readonly definition: Definition; readonly body: Node }
  | { readonly type: 'call'; readonly name: string; readonly args: readonly Node[]; readonly offset: number }
  | { readonly type: 'variable'; readonly name: string; readonly offset: number }
  | { readonly type: 'label'; readonly name: string; readonly body: Node }
  | { readonly type: 'break'; readonly name: string; readonly offset: number };

export interface Definition {
  readonly name: string;
  /** With `$` where the parameter is a value. */
  readonly parameters: readonly string[];
  readonly body: Node;
}

export type Pattern =
  | { readonly type: 'variable'; readonly name: string }
  | { readonly type: 'array'; readonly items: readonly Pattern[] }
  | { readonly type: 'object'; readonly entries: readonly PatternEntry[] };

export interface PatternEntry {
  readonly key: Node;
  /** The variable that the whole value is bound to as well: `{$a: [$b]}`. */
  readonly variable: string | undefined;
  readonly pattern: Pattern | undefined;
}

/** The variables that a pattern binds. */
export function variablesOf(pattern: Pattern): string[] {
  switch (pattern.type) {
    case 'variable':
      return [pattern.name];
    case 'array':
      return pattern.items.flatMap(variablesOf);
    case 'object':
      return pattern.entries.flatMap(({ variable, pattern }) => [...(variable === undefined ? [] : [variable]), ...(pattern ? variablesOf(pattern) : [])]);
  }
}
