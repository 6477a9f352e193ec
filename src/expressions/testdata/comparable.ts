/** Numbers to 14 digits, keys in order, infinity as the largest number: what the versions of jq print differently. */
export function comparable(value: unknown): unknown {
  if (Number.isNaN(value)) return null;
  if (typeof value === 'number') return Number((Number.isFinite(value) ? value : Math.sign(value) * Number.MAX_VALUE).toPrecision(14)) + 0;
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, comparable(inner)]),
  );
}
