import { JqError, shown } from '../jq/errors.js';
import type { Closure, Evaluator } from '../jq/evaluate.js';
import { compare, equal, getKey, isObject, type Json, type JsonObject, setKey, sortedKeys, typeOf } from '../jq/json.js';
import { indices as indicesOf } from '../jq/paths.js';
import { type NativeFunction, type NativeTable, values } from './native.js';

/** Functions on lists and objects. */
export const lists: NativeTable = {
  'length/0': values((_, input) => lengthOf(input)),
  'keys/0': values((evaluator, input) => keysOf(evaluator, input, true)),
  'keys_unsorted/0': values((evaluator, input) => keysOf(evaluator, input, false)),
  'has/1': values((_, input, key) => {
    if (isObject(input) && typeof key === 'string') return Object.hasOwn(input, key);
    if (Array.isArray(input) && typeof key === 'number') return key >= 0 && Math.floor(key) < input.length;
    throw new JqError(`Cannot check whether ${typeOf(input)} has a ${typeOf(key as Json)} key`);
  }),
  'contains/1': values((evaluator, input, part) => contains(evaluator, input, part as Json)),
  'to_entries/0': values((evaluator, input) => {
    if (Array.isArray(input)) {
      evaluator.budget.object(2 * input.length);
      return input.map((value, key) => ({ key, value }));
    }
    const object = objectOf(input);
    evaluator.budget.object(2 * Object.keys(object).length);
    return Object.keys(object).map((key) => ({ key, value: object[key] as Json }));
  }),
  'from_entries/0': values((evaluator, input) => {
    const object: JsonObject = {};
    evaluator.iterate(input, undefined, (entry) => {
      evaluator.budget.object(1);
      if (entry !== null && !isObject(entry)) throw new JqError(`Cannot index ${typeOf(entry)} with "key"`);
      setKey(object, entryKey(entry ?? {}), entryValue(entry ?? {}));
    });
    return object;
  }),
  'flatten/0': values((evaluator, input) => flatten(evaluator, input, Infinity)),
  'flatten/1': values((evaluator, input, depth) => {
    if (typeof depth !== 'number' || depth < 0) throw new JqError('flatten depth must not be negative');
    return flatten(evaluator, input, depth);
  }),
  'reverse/0': values((evaluator, input) => {
    if (input === null) return [];
    if (typeof input === 'string') return [...input].toReversed().join('');
    evaluator.budget.array(listOf(input, 'reversed').length);
    return [...(input as Json[])].toReversed();
  }),
  'sort/0': values((evaluator, input) => sorted(evaluator, listOf(input, 'sorted'), (item) => item).map(({ item }) => item)),
  'sort_by/1': keyed((entries) => entries.map(({ item }) => item), 'sorted'),
  'group_by/1': keyed((entries) => grouped(entries), 'grouped'),
  'unique_by/1': keyed((entries) => grouped(entries).map(([first]) => first as Json), 'grouped'),
  'unique/0': values((evaluator, input) => grouped(sorted(evaluator, listOf(input, 'sorted'), (item) => item)).map(([first]) => first as Json)),
  'min/0': values((evaluator, input) => extreme(evaluator, input, (item) => item, -1)),
  'max/0': values((evaluator, input) => extreme(evaluator, input, (item) => item, 1)),
  'min_by/1': (evaluator, args, input, path, emit) => emit(extreme(evaluator, input, keyOf(evaluator, args), -1), evaluator.computed(path)),
  'max_by/1': (evaluator, args, input, path, emit) => emit(extreme(evaluator, input, keyOf(evaluator, args), 1), evaluator.computed(path)),
  'transpose/0': values((evaluator, input) => {
    const rows = listOf(input, 'transposed').map((row) => listOf(row, 'transposed'));
    const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
    for (let i = 0; i < width; i++) evaluator.budget.array(rows.length);
    return Array.from({ length: width }, (_, i) => rows.map((row) => row[i] ?? null));
  }),
  'indices/1': values((evaluator, input, part) => indices(evaluator, input, part as Json)),
  'index/1': values((evaluator, input, part) => indices(evaluator, input, part as Json)?.[0] ?? null),
  'rindex/1': values((evaluator, input, part) => indices(evaluator, input, part as Json)?.at(-1) ?? null),
  'bsearch/1': values((evaluator, input, target) => {
    const list = listOf(input, 'searched from');
    let low = 0;
    let high = list.length;
    while (low < high) {
      evaluator.budget.step();
      const middle = (low + high) >> 1;
      if (compare(list[middle] as Json, target as Json) < 0) low = middle + 1;
      else high = middle;
    }
    return low < list.length && equal(list[low] as Json, target as Json) ? low : -1 - low;
  }),
  'tojson/0': values((evaluator, input) => textOf(evaluator, input)),
  'fromjson/0': values((evaluator, input) => {
    if (typeof input !== 'string') throw new JqError(`${shown(input)} cannot be parsed as JSON`);
    evaluator.budget.array(input.length / 2);
    if (input.trim() === 'nan') return Number.NaN;
    try {
      return JSON.parse(input) as Json;
    } catch {
      throw new JqError(`${shown(input)} cannot be parsed as JSON`);
    }
  }),
};

function textOf(evaluator: Evaluator, input: Json): string {
  const text = JSON.stringify(input, (_, inner: unknown) => {
    evaluator.budget.step();
    return typeof inner === 'number' && (inner === Infinity || inner === -Infinity) ? Math.sign(inner) * Number.MAX_VALUE : inner;
  });
  evaluator.budget.text(text.length);
  return text;
}

function lengthOf(input: Json): number {
  switch (typeOf(input)) {
    case 'null':
      return 0;
    case 'number':
      return Math.abs(input as number);
    case 'string':
      return [...(input as string)].length;
    case 'array':
      return (input as Json[]).length;
    case 'object':
      return Object.keys(input as JsonObject).length;
    default:
      throw new JqError(`${shown(input)} has no length`);
  }
}

function keysOf(evaluator: Evaluator, input: Json, inOrder: boolean): Json[] {
  if (Array.isArray(input)) {
    evaluator.budget.array(input.length);
    return input.map((_, i) => i);
  }
  if (!isObject(input)) throw new JqError(`${shown(input)} has no keys`);
  evaluator.budget.array(Object.keys(input).length);
  return inOrder ? sortedKeys(input) : Object.keys(input);
}

function listOf(input: Json, verb: string): Json[] {
  if (!Array.isArray(input)) throw new JqError(`${shown(input)} cannot be ${verb}, as it is not an array`);
  return input;
}

function objectOf(input: Json): JsonObject {
  if (!isObject(input)) throw new JqError(`${shown(input)} has no keys`);
  return input;
}

function contains(evaluator: Evaluator, whole: Json, part: Json): boolean {
  evaluator.budget.step();
  if (isObject(whole) && isObject(part)) return Object.keys(part).every((key) => Object.hasOwn(whole, key) && contains(evaluator, getKey(whole, key), part[key] as Json));
  if (Array.isArray(whole) && Array.isArray(part)) return part.every((wanted) => whole.some((item) => typeOf(item) === typeOf(wanted) && contains(evaluator, item, wanted)));
  if (typeof whole === 'string' && typeof part === 'string') return whole.includes(part);
  if (typeOf(whole) === typeOf(part)) return equal(whole, part);
  throw new JqError(`${shown(whole)} and ${shown(part)} cannot have their containment checked`);
}

function entryKey(entry: JsonObject): string {
  const key = ['key', 'k', 'name', 'Name', 'Key', 'K'].map((name) => getKey(entry, name)).find((found) => found !== null && found !== false) ?? (Object.hasOwn(entry, 'key') ? getKey(entry, 'key') : null);
  if (typeof key === 'string') return key;
  if (key === null) return 'null';
  if (typeof key === 'object') throw new JqError(`Cannot use ${shown(key)} as object key`);
  return String(key);
}

function entryValue(entry: JsonObject): Json {
  for (const name of ['value', 'v', 'Value', 'V']) if (Object.hasOwn(entry, name)) return entry[name] as Json;
  return null;
}

function flatten(evaluator: Evaluator, input: Json, depth: number): Json[] {
  const flat: Json[] = [];
  const visit = (value: Json, left: number): void => {
    evaluator.budget.enter();
    if (Array.isArray(value) && left >= 0) for (const item of value) visit(item, left - 1);
    else {
      evaluator.budget.array(1);
      flat.push(value);
    }
    evaluator.budget.leave();
  };
  evaluator.iterate(input, undefined, (item) => visit(item, depth - 1));
  return flat;
}

interface Keyed {
  readonly item: Json;
  readonly key: Json;
}

function sorted(evaluator: Evaluator, list: readonly Json[], key: (item: Json) => Json): Keyed[] {
  evaluator.budget.array(list.length);
  return list
    .map((item) => ({ item, key: key(item) }))
    .sort((a, b) => {
      evaluator.budget.step();
      return compare(a.key, b.key);
    });
}

function keyOf(evaluator: Evaluator, args: readonly Closure[]): (item: Json) => Json {
  return (item) => evaluator.all(args[0] as Closure, item);
}

function keyed(result: (entries: Keyed[]) => Json, verb: string): NativeFunction {
  return (evaluator, args, input, path, emit) => emit(result(sorted(evaluator, listOf(input, verb), keyOf(evaluator, args))), evaluator.computed(path));
}

function grouped(entries: readonly Keyed[]): Json[][] {
  const groups: Json[][] = [];
  let last: Keyed | undefined;
  for (const entry of entries) {
    if (last && equal(last.key, entry.key)) groups.at(-1)?.push(entry.item);
    else groups.push([entry.item]);
    last = entry;
  }
  return groups;
}

function extreme(evaluator: Evaluator, input: Json, key: (item: Json) => Json, sign: 1 | -1): Json {
  const entries = listOf(input, 'compared').map((item) => ({ item, key: key(item) }));
  evaluator.budget.array(entries.length);
  // Of equal ones the first is the smallest and the last the largest.
  const better = (a: Keyed, b: Keyed): boolean => (sign === 1 ? compare(b.key, a.key) >= 0 : compare(b.key, a.key) < 0);
  return entries.reduce<Keyed | undefined>((best, entry) => (best === undefined || better(best, entry) ? entry : best), undefined)?.item ?? null;
}

function indices(evaluator: Evaluator, input: Json, part: Json): number[] | null {
  if (input === null) return null;
  if (typeof input === 'string' && typeof part === 'string') return textIndices(evaluator, input, part);
  if (Array.isArray(input)) {
    const wanted = Array.isArray(part) ? part : [part];
    evaluator.budget.array(input.length);
    return indicesOf(input, wanted);
  }
  throw new JqError(`Cannot determine indices of ${shown(part)} in ${shown(input)}`);
}

function textIndices(evaluator: Evaluator, text: string, part: string): number[] | null {
  if (part === '') return null;
  const found: number[] = [];
  let points = 0;
  let from = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
    evaluator.budget.step();
    points += codePoints(text.slice(from, at));
    from = at;
    found.push(points);
  }
  return found;
}

function codePoints(text: string): number {
  return [...text].length;
}
