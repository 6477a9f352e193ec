import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { wellFormed } from './well-formed.js';

/** What stands in the place of a secret. */
export const MASK = '***';

/** Shorter values cannot be masked: they would be found in any text. */
const SHORTEST_SECRET = 4;
const SHORTEST_LINE = 8;

/** Replaces secrets in everything that leaves the runner. */
export interface Masker {
  /** The text with every secret in it replaced. */
  text(text: string): string;
  /** The same for every string of a JSON value, keys included. */
  json<T extends JsonValue>(value: T): T;
  /** A masker for a text that comes in pieces. */
  stream(): StreamMasker;
}

/** Masks a text that comes in pieces: joined, what it gives out is the masked whole, however the text was cut. */
export interface StreamMasker {
  /** What can be given out now. A piece that may be the beginning of a secret is kept back. */
  push(piece: string): string;
  /** What was kept back. The next piece begins a new text. */
  flush(): string;
}

/**
 * A masker for these values, and for the forms in which they come back: as in JSON, in a URL, in base64, and line by line. Values of
 * less than 4 characters are left out.
 */
export function masker(secrets: Iterable<string>): Masker {
  const patterns = patternsOf(secrets);
  const text = (whole: string): string => {
    if (patterns.length === 0) return whole;
    const stream = new PatternMasker(patterns);
    return stream.push(whole) + stream.flush();
  };
  return {
    text,
    json: (value) => maskJson(value, text),
    stream: () => (patterns.length === 0 ? passThrough : new PatternMasker(patterns)),
  };
}

const passThrough: StreamMasker = { push: (piece) => piece, flush: () => '' };

function patternsOf(secrets: Iterable<string>): string[] {
  const patterns = new Set<string>();
  for (const secret of secrets) {
    const value = secret.trim();
    if (value.length < SHORTEST_SECRET) continue;
    const lines = value.includes('\n') ? value.split('\n').map((line) => line.trim()) : [];
    for (const part of [value, ...lines.filter((line) => line.length >= SHORTEST_LINE)]) {
      patterns.add(part);
      patterns.add(JSON.stringify(part).slice(1, -1));
      patterns.add(encodeURIComponent(wellFormed(part)));
    }
    const base64 = Buffer.from(value).toString('base64');
    patterns.add(base64.replace(/=+$/, ''));
    patterns.add(base64.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_'));
  }
  return [...patterns];
}

class PatternMasker implements StreamMasker {
  readonly #patterns: readonly string[];
  readonly #longest: number;
  #rest = '';

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns;
    this.#longest = Math.max(...patterns.map((pattern) => pattern.length));
  }

  push(piece: string): string {
    this.#rest += piece;
    return this.#emit(this.#undecidedFrom());
  }

  flush(): string {
    return this.#emit(this.#rest.length);
  }

  /** Gives out the rest up to `end`, or up to a secret that reaches over it. */
  #emit(end: number): string {
    let out = '';
    let at = 0;
    for (const { from, to } of this.#found()) {
      if (from >= end) break;
      out += this.#rest.slice(at, from);
      at = from;
      if (to > end) {
        end = from;
        break;
      }
      out += MASK;
      at = to;
    }
    out += this.#rest.slice(at, Math.max(at, end));
    this.#rest = this.#rest.slice(Math.max(at, end));
    return out;
  }

  /** Where a secret may have begun that is not complete. */
  #undecidedFrom(): number {
    const rest = this.#rest;
    for (let at = Math.max(0, rest.length - this.#longest + 1); at < rest.length; at++) {
      const tail = rest.slice(at);
      if (this.#patterns.some((pattern) => pattern.length > tail.length && pattern.startsWith(tail))) return at;
    }
    return rest.length;
  }

  /** Where secrets stand, overlapping ones as one, in order. */
  #found(): { from: number; to: number }[] {
    const spans = this.#patterns
      .flatMap((pattern) => occurrences(this.#rest, pattern))
      .sort((a, b) => a.from - b.from);
    const joined: { from: number; to: number }[] = [];
    for (const span of spans) {
      const last = joined.at(-1);
      if (last !== undefined && span.from < last.to) last.to = Math.max(last.to, span.to);
      else joined.push({ ...span });
    }
    return joined;
  }
}

function occurrences(text: string, pattern: string): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (let from = text.indexOf(pattern); from >= 0; from = text.indexOf(pattern, from + 1)) found.push({ from, to: from + pattern.length });
  return found;
}

function maskJson<T extends JsonValue>(value: T, mask: (text: string) => string): T {
  return visit(value) as T;
  function visit(part: JsonValue): JsonValue {
    if (typeof part === 'string') return mask(part);
    if (typeof part === 'number') return mask(String(part)) === String(part) ? part : MASK;
    if (Array.isArray(part)) return part.map(visit);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, one]) => [mask(key), visit(one)])) satisfies JsonObject;
  }
}
