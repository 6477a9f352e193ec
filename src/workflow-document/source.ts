import { isAlias, isCollection, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Finding } from './findings.js';
import { isObject, type Json } from './json.js';

/** Largest text of a document, in characters. */
export const LARGEST_SOURCE = 1024 * 1024;

/** From 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A text that was read. `value` is undefined when it is no YAML; then `findings` say where. */
export interface Source {
  readonly value: Json | undefined;
  readonly findings: readonly (Finding & Place)[];
  /** Where a path stands in the text; of a path that is not there, the nearest part of it that is. */
  locate(path: readonly (string | number)[]): Place;
}

/** Reads a document's text: YAML 1.2, of which JSON is a part. */
export function readSource(text: string): Source {
  const lines = new LineCounter();
  const start: Place = { line: 1, column: 1 };
  const refuse = (message: string, at: Place): Source => ({ value: undefined, findings: [{ severity: 'error', path: [], message, ...at }], locate: () => start });
  if (text.length > LARGEST_SOURCE) return refuse(`the text has ${text.length} characters, the limit is ${LARGEST_SOURCE}`, start);
  const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const [first] = parsed.errors;
  if (first) {
    const findings = parsed.errors.map(({ message, pos }) => ({ severity: 'error' as const, path: [], message: `is not YAML: ${message}`, ...place(pos[0]) }));
    return { value: undefined, findings, locate: () => start };
  }
  let value: unknown;
  try {
    value = parsed.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error), start);
  }
  if (!isObject(value as Json)) return refuse('is not an object: a workflow begins with document: and do:', start);
  return { value: value as Json, findings: [], locate: (path) => locate(parsed.contents, path, place) };
}

function locate(root: Node | null, path: readonly (string | number)[], place: (offset: number) => Place): Place {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const key of path) {
    const next = child(node, key);
    if (!next) break;
    offset = next.offset;
    node = next.node;
  }
  return place(offset);
}

function child(node: unknown, key: string | number): { node: unknown; offset: number } | undefined {
  if (isAlias(node) || !isCollection(node)) return undefined;
  if (isSeq(node) && typeof key === 'number') {
    const item = node.items[key] as Node | undefined;
    return item?.range ? { node: item, offset: item.range[0] } : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key));
  const range = (pair?.key as Node | undefined)?.range;
  return pair && range ? { node: pair.value, offset: range[0] } : undefined;
}
