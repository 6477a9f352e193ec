import { builtinFunction, builtinNames } from '../builtins/index.js';
import { FORMATS } from '../builtins/formats.js';
import { signature } from './environment.js';
import { SyntaxFault } from './errors.js';
import { type Node, type Pattern, variablesOf } from './syntax.js';

/** What a place in an expression can see. */
interface Scope {
  readonly variables: ReadonlySet<string>;
  readonly functions: ReadonlySet<string>;
  readonly labels: ReadonlySet<string>;
}

/** Checks that every name in the tree means something. `variables` are those given from outside, with their `$`. Throws SyntaxFault. */
export function resolve(node: Node, variables: readonly string[]): void {
  visit(node, { variables: new Set(variables), functions: new Set(), labels: new Set() });
}

function plus(set: ReadonlySet<string>, names: readonly string[]): ReadonlySet<string> {
  return names.length === 0 ? set : new Set([...set, ...names]);
}

function visit(node: Node | undefined, scope: Scope): void {
  if (node === undefined) return;
  switch (node.type) {
    case 'identity':
    case 'literal':
      return;
    case 'format':
      if (!FORMATS.includes(node.name)) throw new SyntaxFault(`@${node.name} is not a format`, 0);
      return;
    case 'variable':
      if (!scope.variables.has(node.name)) throw new SyntaxFault(`${node.name} is not defined; there are ${[...scope.variables].join(', ')}`, node.offset);
      return;
    case 'break':
      if (!scope.labels.has(node.name)) throw new SyntaxFault(`there is no label ${node.name} around this break`, node.offset);
      return;
    case 'label':
      return visit(node.body, { ...scope, labels: plus(scope.labels, [node.name]) });
    case 'call':
      return visitCall(node, scope);
    case 'text':
      if (!FORMATS.includes(node.format)) throw new SyntaxFault(`@${node.format} is not a format`, 0);
      for (const part of node.parts) if (typeof part !== 'string') visit(part, scope);
      return;
    case 'array':
      return visit(node.items, scope);
    case 'object':
      for (const { key, value } of node.entries) {
        visit(key, scope);
        visit(value, scope);
      }
      return;
    case 'index':
      visit(node.target, scope);
      return visit(node.key, scope);
    case 'slice':
      visit(node.target, scope);
      visit(node.from, scope);
      return visit(node.to, scope);
    case 'iterate':
      return visit(node.target, scope);
    case 'negate':
      return visit(node.operand, scope);
    case 'try':
      visit(node.body, scope);
      return visit(node.handler, scope);
    case 'if':
      visit(node.condition, scope);
      visit(node.consequence, scope);
      return visit(node.otherwise, scope);
    case 'reduce':
    case 'foreach': {
      visit(node.source, scope);
      visit(node.start, scope);
      const inner = bound(node.patterns, scope);
      visit(node.update, inner);
      return visit(node.type === 'foreach' ? node.extract : undefined, inner);
    }
    case 'bind':
      visit(node.source, scope);
      return visit(node.body, bound(node.patterns, scope));
    case 'define': {
      const { name, parameters, body } = node.definition;
      const functions = plus(scope.functions, [signature(name, parameters.length)]);
      const values = parameters.filter((parameter) => parameter.startsWith('$'));
      const callable = parameters.map((parameter) => signature(parameter.replace('$', ''), 0));
      visit(body, { variables: plus(scope.variables, values), functions: plus(functions, callable), labels: scope.labels });
      return visit(node.body, { ...scope, functions });
    }
    default:
      visit(node.left, scope);
      return visit(node.right, scope);
  }
}

function visitCall(node: Extract<Node, { type: 'call' }>, scope: Scope): void {
  const name = signature(node.name, node.args.length);
  if (!scope.functions.has(name) && builtinFunction(name) === undefined) {
    const others = [...scope.functions, ...builtinNames()].filter((other) => other.startsWith(`${node.name}/`));
    throw new SyntaxFault(`${name} is not defined${others.length === 0 ? '' : `; there is ${others.join(', ')}`}`, node.offset);
  }
  for (const arg of node.args) visit(arg, scope);
}

function bound(patterns: readonly Pattern[], scope: Scope): Scope {
  const names = patterns.flatMap(variablesOf);
  const inner = { ...scope, variables: plus(scope.variables, names) };
  for (const pattern of patterns) visitKeys(pattern, inner);
  return inner;
}

function visitKeys(pattern: Pattern, scope: Scope): void {
  if (pattern.type === 'array') for (const item of pattern.items) visitKeys(item, scope);
  if (pattern.type !== 'object') return;
  for (const { key, pattern: inner } of pattern.entries) {
    visit(key, scope);
    if (inner) visitKeys(inner, scope);
  }
}
