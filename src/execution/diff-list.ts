import { sameValue } from './equality.js';

/** How one list of elements with ids differs from another. */
export type ListDiff<T> =
  /** Elements that changed or are new, in the order of the new list; putting each in by its id gives the new list. */
  | { readonly upserts: readonly T[]; readonly replace: false }
  /** The new list cannot be had by upserts: it lacks elements, has them in another order, or ids are missing or not unique. */
  | { readonly upserts: readonly []; readonly replace: true };

const SAME = { upserts: [], replace: false } as const;
const REPLACE = { upserts: [], replace: true } as const;

export function diffList<T>(from: readonly T[], to: readonly T[], idOf: (element: T) => string): ListDiff<T> {
  if (from === to) return SAME;
  const changed = to.filter((element, i) => i >= from.length || !sameValue(from[i], element));
  if (changed.length === 0) return to.length === from.length ? SAME : REPLACE;
  const inPlace = from.every((element, i) => i < to.length && idOf(element) === idOf(to[i] as T));
  const ids = new Set(to.map(idOf));
  return inPlace && ids.size === to.length && !ids.has('') ? { upserts: changed, replace: false } : REPLACE;
}
