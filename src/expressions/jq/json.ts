/** A JSON value, as expressions see it. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** jq's name of a value's type. */
export function typeOf(value: Json): 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object' {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value as 'boolean' | 'number' | 'string' | 'object';
}

/** False and null are false; everything else is true. */
export function isTrue(value: Json): boolean {
  return value !== null && value !== false;
}

/** Sets a key, whatever its name: assigning to `__proto__` would change the object's kind instead. */
export function setKey(object: JsonObject, key: string, value: Json): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}

export function getKey(object: JsonObject, key: string): Json {
  return Object.hasOwn(object, key) ? (object[key] as Json) : null;
}

export function copyObject(object: JsonObject): JsonObject {
  const copy: JsonObject = {};
  for (const key of Object.keys(object)) setKey(copy, key, object[key] as Json);
  return copy;
}

/** Keys in the order of their code points. */
export function sortedKeys(object: JsonObject): string[] {
  return Object.keys(object).sort(compareText);
}

/** By code points, which is not the order of UTF-16 where surrogates meet U+E000 to U+FFFF. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

const ORDER = { null: 0, false: 1, true: 2, number: 3, string: 4, array: 5, object: 6 } as const;

function orderOf(value: Json): number {
  const type = typeOf(value);
  return type === 'boolean' ? (value === true ? ORDER.true : ORDER.false) : ORDER[type];
}

/** jq's order of all values. Not a number is below every number, itself included. */
export function compare(a: Json, b: Json): number {
  const difference = orderOf(a) - orderOf(b);
  if (difference !== 0) return difference;
  if (typeof a === 'number') return Number.isNaN(a) ? -1 : a < (b as number) ? -1 : a === b ? 0 : 1;
  if (typeof a === 'string') return compareText(a, b as string);
  if (Array.isArray(a)) return compareArrays(a, b as Json[]);
  return isObject(a) ? compareObjects(a, b as JsonObject) : 0;
}

export function equal(a: Json, b: Json): boolean {
  return compare(a, b) === 0;
}

function compareArrays(a: Json[], b: Json[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = compare(a[i] as Json, b[i] as Json);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function compareObjects(a: JsonObject, b: JsonObject): number {
  const keys = sortedKeys(a);
  const difference = compareArrays(keys, sortedKeys(b));
  if (difference !== 0) return difference;
  for (const key of keys) {
    const found = compare(a[key] as Json, b[key] as Json);
    if (found !== 0) return found;
  }
  return 0;
}

/** The value as JSON text; infinity as the largest number, not a number as null. */
export function toText(value: Json): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'number' && !Number.isFinite(inner) && !Number.isNaN(inner) ? Math.sign(inner) * Number.MAX_VALUE : inner,
  );
}

/** Texts as they are, everything else as JSON. */
export function asText(value: Json): string {
  return typeof value === 'string' ? value : toText(value);
}
