/** Something about a document that a person should know. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** Where: keys of objects and indexes of lists, `['do', 0, 'fetch', 'with']`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Most findings that are told; a document of nothing but faults would have one for each line. */
export const MOST_FINDINGS = 200;

/** Path as a person reads it: `do[0].fetch.with["content-type"]`. */
export function pathText(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    if (!/^[\p{L}_][\p{L}\p{N}_-]*$/u.test(key)) return `${text}[${JSON.stringify(key)}]`;
    return text === '' ? key : `${text}.${key}`;
  }, '');
}

/** Collects what is found. */
export class Findings {
  readonly #found: Finding[] = [];

  get all(): readonly Finding[] {
    return this.#found;
  }

  error(path: Finding['path'], message: string): void {
    this.#add({ severity: 'error', path, message });
  }

  warning(path: Finding['path'], message: string): void {
    this.#add({ severity: 'warning', path, message });
  }

  #add(finding: Finding): void {
    if (this.#found.length < MOST_FINDINGS) this.#found.push(finding);
  }
}

/** The closest of some names, when one is close enough to be meant. */
export function closest(name: string, names: readonly string[]): string | undefined {
  const [best] = names.map((other) => ({ other, distance: distance(name.toLowerCase(), other.toLowerCase()) })).sort((a, b) => a.distance - b.distance);
  return best && best.distance <= Math.max(1, Math.floor(name.length / 3)) ? best.other : undefined;
}

/** `; did you mean 'x'?`, or nothing. */
export function suggestion(name: string, names: readonly string[]): string {
  const found = closest(name, names);
  return found === undefined ? '' : `; did you mean ${found}?`;
}

function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 5 || a.length > 60) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] as number;
}
