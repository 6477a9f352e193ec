import { JqError, shown } from '../jq/errors.js';
import type { Closure, Evaluator } from '../jq/evaluate.js';
import { type Json, type JsonObject, setKey } from '../jq/json.js';
import { findMatch, type Match } from '../regex/match.js';
import { parseRegex } from '../regex/parse.js';
import { type NativeTable, values } from './native.js';

interface Found {
  readonly points: readonly number[];
  readonly names: readonly (string | null)[];
  readonly matches: readonly Match[];
}

/** Functions on regular expressions. Offsets count code points. */
export const regular: NativeTable = {
  // One argument may be a list of expression and flags.
  '_match/3': values((evaluator, input, regex, flags, testOnly) => {
    const [source, given] = Array.isArray(regex as Json) ? (regex as Json[]) : [regex, flags];
    const found = search(evaluator, input, source ?? null, given ?? null, testOnly === true);
    if (testOnly === true) return found.matches.length > 0;
    return found.matches.map((match) => described(found, match));
  }),
  'split/2': values((evaluator, input, regex, flags) => {
    const { points, matches } = search(evaluator, input, regex as Json, `${typeof flags === 'string' ? flags : ''}g`, false);
    const parts: string[] = [];
    let from = 0;
    for (const [whole] of matches) {
      const [start, end] = whole as readonly [number, number];
      parts.push(textOf(points, from, start));
      from = end;
    }
    parts.push(textOf(points, from, points.length));
    evaluator.budget.array(parts.length);
    return parts;
  }),
  'sub/2': (evaluator, args, input, path, emit) => substitute(evaluator, args, input, '', (text) => emit(text, evaluator.computed(path))),
  'sub/3': (evaluator, args, input, path, emit) =>
    evaluator.each(args[2] as Closure, input, (flags) => substitute(evaluator, args, input, flags, (text) => emit(text, evaluator.computed(path)))),
  'gsub/2': (evaluator, args, input, path, emit) => substitute(evaluator, args, input, 'g', (text) => emit(text, evaluator.computed(path))),
  'gsub/3': (evaluator, args, input, path, emit) =>
    evaluator.each(args[2] as Closure, input, (flags) =>
      substitute(evaluator, args, input, typeof flags === 'string' ? `${flags}g` : 'g', (text) => emit(text, evaluator.computed(path))),
    ),
};

function search(evaluator: Evaluator, input: Json, regex: Json, flags: Json, firstOnly: boolean): Found {
  if (typeof input !== 'string') throw new JqError(`${shown(input)} cannot be matched, as it is not a string`);
  if (typeof regex !== 'string') throw new JqError(`${shown(regex)} cannot be matched, as it is not a string`);
  if (flags !== null && typeof flags !== 'string') throw new JqError(`${shown(flags)} is not a string`);
  const set = new Set(flags ?? '');
  for (const flag of set) if (!'gimnpslx'.includes(flag)) throw new JqError(`${flags ?? ''} is not a valid modifier string`);
  const parsed = parseRegex(regex, { ignoreCase: set.has('i'), extended: set.has('x'), lines: false, dotAll: set.has('p') });
  evaluator.budget.array(input.length);
  const points = [...input].map((char) => char.codePointAt(0) as number);
  const matches: Match[] = [];
  let from = 0;
  while (from <= points.length) {
    const match = findMatch(parsed, points, from, evaluator.budget);
    if (!match) break;
    const [start, end] = match[0] as readonly [number, number];
    from = end === start ? end + 1 : end;
    if (set.has('n') && start === end) continue;
    evaluator.budget.object(4 + 4 * parsed.names.length);
    matches.push(match);
    if (firstOnly || !set.has('g')) break;
  }
  return { points, names: parsed.names, matches };
}

function textOf(points: readonly number[], from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) text += String.fromCodePoint(points[i] as number);
  return text;
}

function described({ points, names }: Found, match: Match): Json {
  const captures = names.map((name, i): Json => {
    const span = match[i + 1];
    return span
      ? { offset: span[0], length: span[1] - span[0], string: textOf(points, span[0], span[1]), name }
      : { offset: -1, length: 0, string: null, name };
  });
  const [start, end] = match[0] as readonly [number, number];
  return { offset: start, length: end - start, string: textOf(points, start, end), captures };
}

function substitute(evaluator: Evaluator, args: readonly Closure[], input: Json, flags: Json, take: (text: string) => void): void {
  const [regex, replacement] = args as readonly [Closure, Closure];
  evaluator.each(regex, input, (source) => {
    const found = search(evaluator, input, source, flags, false);
    const replacements = found.matches.map((match) => evaluator.all(replacement, captured(found, match)));
    const most = replacements.reduce((count, { length }) => Math.max(count, length), found.matches.length === 0 ? 1 : 0);
    for (let i = 0; i < most; i++) take(replaced(evaluator, found, replacements.map((texts) => texts[Math.min(i, texts.length - 1)] ?? '')));
  });
}

/** What the groups with names hold. */
function captured({ points, names }: Found, match: Match): JsonObject {
  const object: JsonObject = {};
  names.forEach((name, i) => {
    const span = match[i + 1];
    if (name !== null) setKey(object, name, span ? textOf(points, span[0], span[1]) : null);
  });
  return object;
}

function replaced(evaluator: Evaluator, { points, matches }: Found, texts: readonly Json[]): string {
  let result = '';
  let from = 0;
  matches.forEach((match, i) => {
    const [start, end] = match[0] as readonly [number, number];
    const text = texts[i] as Json;
    if (typeof text !== 'string') throw new JqError(`${shown(result)} and ${shown(text)} cannot be added`);
    result += textOf(points, from, start) + text;
    from = end;
  });
  result += textOf(points, from, points.length);
  evaluator.budget.text(result.length);
  return result;
}
