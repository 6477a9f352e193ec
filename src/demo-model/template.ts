const placeholder = /\{\{\s*([\w.-]+)\s*\}\}/g;

/** Placeholders that every text may use. `.line` is the first line that is not blank, cut at 120 characters. */
export const placeholders = [
  'message',
  'message.line',
  'system',
  'model',
  'tool',
  'tool_result',
  'tool_result.line',
  'turn',
  'user_turn',
  'images',
] as const;

/** Values for the placeholders; `match` is what the pattern found (`match.1` its first group), `text.NAME` a text of the script. */
export type Lookup = (name: string) => string;

/** `text` with each placeholder replaced. */
export function render(text: string, lookup: Lookup): string {
  return text.replace(placeholder, (_whole, name: string) => lookup(name));
}

/** `value` with each placeholder in any string within it replaced. */
export function renderDeep(value: unknown, lookup: Lookup): unknown {
  if (typeof value === 'string') return render(value, lookup);
  if (Array.isArray(value)) return value.map((item) => renderDeep(item, lookup));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renderDeep(item, lookup)]));
}

/** Names of the placeholders in any string within `value`. */
export function placeholdersIn(value: unknown): string[] {
  if (typeof value === 'string') return [...value.matchAll(placeholder)].map((found) => found[1] ?? '');
  if (value instanceof RegExp || typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(placeholdersIn);
}

/** The first line of `text` that is not blank, cut at 120 characters. */
export function firstLine(text: string): string {
  const line = text.trimStart().split('\n', 1)[0]?.trimEnd() ?? '';
  const characters = Array.from(line.slice(0, 500));
  return characters.length > 120 ? `${characters.slice(0, 120).join('')}…` : line;
}
