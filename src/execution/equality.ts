/** Whether two messages, or parts of them, say the same. A field that is undefined is one that is not there. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array || b instanceof Uint8Array) return sameBytes(a, b);
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((element, i) => sameValue(element, b[i]));
  }
  return sameFields(a as Record<string, unknown>, b as Record<string, unknown>);
}

/** Whether two messages say the same but for one field, which is not looked at. */
export function sameExcept(a: object, b: object, field: string): boolean {
  return sameFields(a as Record<string, unknown>, b as Record<string, unknown>, field);
}

function sameFields(a: Record<string, unknown>, b: Record<string, unknown>, except?: string): boolean {
  for (const key of Object.keys(a)) if (key !== except && !sameValue(a[key], b[key])) return false;
  for (const key of Object.keys(b)) if (key !== except && b[key] !== undefined && a[key] === undefined) return false;
  return true;
}

function sameBytes(a: unknown, b: unknown): boolean {
  return a instanceof Uint8Array && b instanceof Uint8Array && a.length === b.length && a.every((byte, i) => byte === b[i]);
}
