/** The list with what it lacks: elements of `more` that it does not have, and those that it has as still open. */
export function supplement<T>(list: T[], more: readonly T[], idOf: (element: T) => string, isOpen: (element: T) => boolean): T[] {
  if (more.length === 0) return list;
  const byId = new Map(more.map((element) => [idOf(element), element]));
  const known = new Set(list.map(idOf));
  const completed = list.map((element) => (isOpen(element) ? (byId.get(idOf(element)) ?? element) : element));
  return [...completed, ...more.filter((element) => !known.has(idOf(element)))];
}
