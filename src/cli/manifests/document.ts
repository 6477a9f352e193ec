import type { JsonValue } from '@bufbuild/protobuf';
import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseAllDocuments } from 'yaml';
import { fieldPath } from './field-path.js';
import type { ManifestSource } from './source.js';

/** A place in a manifest, counted from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Something wrong with a manifest. */
export interface ManifestFault {
  readonly place: Place;
  /** Path of the field with the names of the proto; empty when it is about the whole document. */
  readonly field: string;
  readonly text: string;
}

/** One document of a manifest file, as JSON, and where its fields stand. */
export interface ManifestDocument {
  readonly json: JsonValue;
  readonly place: Place;
  /** Where a field stands, or the nearest thing above it that is there. Takes the path that an error has: `spec.mcp_servers[1].name`. */
  placeOf(field: string): Place;
}

/** Reads all documents of a file. YAML has JSON in it. Empty documents are skipped. */
export function parseDocuments({ path, text }: ManifestSource): { readonly documents: readonly ManifestDocument[]; readonly faults: readonly ManifestFault[] } {
  const counter = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = counter.linePos(offset);
    return { file: path, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const documents: ManifestDocument[] = [];
  const faults: ManifestFault[] = [];
  const parsed = parseAllDocuments<ParsedNode>(text, { lineCounter: counter, prettyErrors: false });
  for (const document of Array.isArray(parsed) ? parsed : []) {
    // A tag that means nothing is a warning to the parser; the value would not be what was written.
    const problems = [...document.errors, ...document.warnings];
    faults.push(...problems.map(({ pos, message }) => ({ place: placeAt(pos[0]), field: '', text: message })));
    if (problems.length > 0 || document.contents === null || (isScalar(document.contents) && document.contents.value === null)) continue;
    const root = document.contents;
    try {
      const json = document.toJS({ maxAliasCount: 100 }) as JsonValue;
      documents.push({ json, place: placeAt(root.range[0]), placeOf: (field) => placeAt(offsetOf(root, fieldPath(field))) });
    } catch (error) {
      faults.push({ place: placeAt(root.range[0]), field: '', text: (error as Error).message });
    }
  }
  return { documents, faults };
}

/** Where the last part of the path that is there begins: the key of a map, the item of a list. */
function offsetOf(root: ParsedNode, path: readonly (string | number)[]): number {
  let node: Node | null = root;
  let offset = root.range[0];
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && names(item.key.value, part));
      if (pair === undefined) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value as Node | null;
    } else if (isSeq(node) && typeof part === 'number') {
      const item = node.items[part] as Node | undefined;
      if (item === undefined) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else break;
  }
  return offset;
}

/** Whether a key stands for a field: as in the proto, in camelCase, or as a map's key is written. */
function names(key: unknown, part: string | number): boolean {
  const text = String(part);
  return String(key) === text || String(key) === text.replaceAll(/_([a-z0-9])/g, (_whole, letter: string) => letter.toUpperCase());
}
