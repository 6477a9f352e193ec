import { compile, type Expression, SyntaxFault } from '../expressions/expression.js';
import type { Dialect } from './document.js';

/** Variables that every expression of a document may use. `$data` and `$env` are the original's. */
export const VARIABLES: readonly string[] = ['$context', '$input', '$output', '$task', '$workflow', '$runtime', '$secrets', '$authorization', '$data', '$env'];

/** The original's placeholders, which may stand anywhere in a text. */
const PLACEHOLDER = /\$\{\s*\.(secrets|env_vars)\.([A-Z][A-Z0-9_]*)\s*\}/g;

export interface Placeholder {
  readonly kind: 'secrets' | 'env_vars';
  readonly name: string;
}

/** Whether a text is an expression as a whole: only then it is evaluated. Anything else is a text. */
export function isExpression(text: string): boolean {
  const trimmed = text.trim();
  return trimmed.startsWith('${') && trimmed.endsWith('}') && withoutPlaceholders(trimmed) === trimmed;
}

/** What is between `${` and `}`. */
export function expressionSource(text: string): string {
  return text.trim().slice(2, -1).trim();
}

/** A condition may leave `${ }` out, and the original's SDK writes `${ … } == "x"`. */
export function conditionSource(text: string): string {
  if (isExpression(text) && balanced(expressionSource(text))) return expressionSource(text);
  let source = '';
  let rest = text.trim();
  for (let start = rest.indexOf('${'); start >= 0; start = rest.indexOf('${')) {
    const end = closing(rest, start + 2);
    if (end < 0) break;
    source += `${rest.slice(0, start)}(${rest.slice(start + 2, end)})`;
    rest = rest.slice(end + 1);
  }
  return source + rest;
}

/** Whether no bracket closes that was not opened. */
function balanced(source: string): boolean {
  return closing(`${source}}`, 0) === source.length;
}

function closing(text: string, from: number): number {
  let depth = 0;
  let quoted = false;
  for (let i = from; i < text.length; i++) {
    const char = text[i];
    if (quoted) {
      if (char === '\\') i += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '{') depth += 1;
    else if (char === '}') {
      if (depth === 0) return i;
      depth -= 1;
    }
  }
  return -1;
}

/** Reads an expression. The original took `'` for `"`. Throws SyntaxFault. */
export function compileSource(source: string, variables: readonly string[], dialect: Dialect): Expression {
  try {
    return compile(source, variables);
  } catch (error) {
    if (!(error instanceof SyntaxFault) || dialect === 'specification' || !source.includes("'")) throw error;
    return compile(source.replaceAll("'", '"'), variables);
  }
}

export function placeholdersIn(text: string): Placeholder[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, kind, name]) => ({ kind, name }) as Placeholder);
}

export function replacePlaceholders(text: string, value: (placeholder: Placeholder) => string): string {
  return text.replaceAll(PLACEHOLDER, (_, kind: Placeholder['kind'], name: string) => value({ kind, name }));
}

function withoutPlaceholders(text: string): string {
  return text.replaceAll(PLACEHOLDER, '');
}
