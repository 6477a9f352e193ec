import type { Budget } from './budget.js';
import { JqError, shown } from './errors.js';
import { compare, copyObject, equal, getKey, isObject, type Json, type JsonObject, setKey, typeOf } from './json.js';

/** `value[key]`, as jq has it: null gives null, an object takes texts, a list takes numbers, slices and lists to look for. */
export function index(value: Json, key: Json): Json {
  if (value === null) {
    if (key === null || typeof key === 'string' || typeof key === 'number' || isObject(key)) return null;
  } else if (isObject(value)) {
    if (typeof key === 'string') return getKey(value, key);
  } else if (Array.isArray(value)) {
    if (typeof key === 'number') return value[place(value.length, key)] ?? null;
    if (isObject(key)) return slice(value, key['start'] ?? null, key['end'] ?? null);
    if (Array.isArray(key)) return indices(value, key);
  } else if (typeof value === 'string' && isObject(key)) return slice(value, key['start'] ?? null, key['end'] ?? null);
  throw new JqError(`Cannot index ${typeOf(value)} with ${typeof key === 'string' ? `"${key}"` : typeOf(key)}`);
}

/** Where an index points: fractions are cut, negative ones count from the end. May be outside. */
function place(length: number, key: number): number {
  const at = Math.floor(key);
  return at < 0 ? at + length : at;
}

/** Part of a list, or of a text by its code points. */
export function slice(value: Json, from: Json, to: Json): Json {
  if (value === null) return null;
  if (typeof value === 'string') {
    const points = [...value];
    const [start, end] = bounds(points.length, from, to);
    return points.slice(start, end).join('');
  }
  if (!Array.isArray(value)) throw new JqError(`Cannot index ${typeOf(value)} with object`);
  const [start, end] = bounds(value.length, from, to);
  return value.slice(start, end);
}

function bounds(length: number, from: Json, to: Json): [number, number] {
  if ((from !== null && typeof from !== 'number') || (to !== null && typeof to !== 'number')) {
    throw new JqError('Start and end indices of an array slice must be numbers');
  }
  const clamp = (at: number): number => Math.min(Math.max(at < 0 ? at + length : at, 0), length);
  const start = Math.floor(clamp(from ?? 0));
  return [start, Math.max(start, Math.ceil(clamp(to ?? length)))];
}

/** Where a list occurs within another. */
export function indices(value: Json[], part: Json[]): number[] {
  if (part.length === 0) return [];
  return value.flatMap((_, at) => (at + part.length <= value.length && part.every((item, i) => equal(item, value[at + i] as Json)) ? [at] : []));
}

export function getPath(value: Json, path: readonly Json[]): Json {
  let current = value;
  for (const key of path) {
    if (current === null) return null;
    current = index(current, key);
  }
  return current;
}

/** The value with another at the end of a path; what is missing on the way is made. */
export function updatePath(value: Json, path: readonly Json[], budget: Budget, update: (old: Json) => Json, from = 0): Json {
  if (from === path.length) return update(value);
  const key = path[from] as Json;
  const inner = updatePath(index(value, key), path, budget, update, from + 1);
  if (typeof key === 'string') {
    const object = copyObject((value ?? {}) as JsonObject);
    budget.object(Object.keys(object).length);
    setKey(object, key, inner);
    return object;
  }
  const list = Array.isArray(value) ? [...value] : [];
  budget.array(list.length);
  if (typeof key === 'number') return setIndex(list, key, inner, budget);
  if (!isObject(key)) throw new JqError(`Cannot update field at ${typeOf(key)} index of ${typeOf(value)}`);
  if (!Array.isArray(inner)) throw new JqError('A slice of an array can only be assigned another array');
  const [start, end] = bounds(list.length, key['start'] ?? null, key['end'] ?? null);
  return [...list.slice(0, start), ...inner, ...list.slice(end)];
}

const LARGEST_INDEX = 536_870_911;

function setIndex(list: Json[], key: number, value: Json, budget: Budget): Json[] {
  const at = place(list.length, key);
  if (at < 0) throw new JqError('Out of bounds negative array index');
  if (at > LARGEST_INDEX) throw new JqError('Array index too large');
  budget.array(Math.max(0, at - list.length));
  while (list.length < at) list.push(null);
  list[at] = value;
  return list;
}

/** The value without what the paths lead to. The longest and last go first, so that the others stay true. */
export function deletePaths(value: Json, paths: readonly Json[][], budget: Budget): Json {
  const ordered = [...paths].sort((a, b) => compare(b, a));
  return ordered.reduce((current, path) => deletePath(current, path, budget), value);
}

function deletePath(value: Json, path: readonly Json[], budget: Budget, from = 0): Json {
  if (from === path.length || value === null) return null;
  const key = path[from] as Json;
  if (from < path.length - 1) {
    const inner = index(value, key);
    if (inner === null) return value;
    return updatePath(value, [key], budget, () => deletePath(inner, path, budget, from + 1));
  }
  if (isObject(value) && typeof key === 'string') {
    const copy = copyObject(value);
    budget.object(Object.keys(copy).length);
    delete copy[key];
    return copy;
  }
  if (Array.isArray(value)) {
    budget.array(value.length);
    if (typeof key === 'number') {
      const at = place(value.length, key);
      return at < 0 ? value : value.filter((_, i) => i !== at);
    }
    if (isObject(key)) {
      const [start, end] = bounds(value.length, key['start'] ?? null, key['end'] ?? null);
      return value.filter((_, i) => i < start || i >= end);
    }
  }
  throw new JqError(`Cannot delete field at ${isObject(value) ? 'object' : 'array'} index of ${typeof key === 'string' && !isObject(value) ? typeOf(value) : shown(value)}`);
}
