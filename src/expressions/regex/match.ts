import type { Budget } from '../jq/budget.js';
import type { ParsedRegex, RegexNode } from './syntax.js';

/** Where a group lies, in code points; undefined when it took no part. */
export type Span = readonly [start: number, end: number] | undefined;

/** Group 0 is the whole match. */
export type Match = readonly Span[];

type Groups = readonly Span[];
type Continue = (at: number, groups: Groups) => Groups | undefined;

/** The first match that begins at `from` or after it. Each step is taken from the budget, so an expression that explodes is cut off. */
export function findMatch({ root, names }: ParsedRegex, text: readonly number[], from: number, budget: Budget): Match | undefined {
  const matcher = new Matcher(text, budget);
  const none: Groups = Array.from({ length: names.length + 1 }, () => undefined);
  for (let start = from; start <= text.length; start++) {
    const groups = matcher.run(root, start, none, (end, found) => [[start, end], ...found.slice(1)]);
    if (groups) return groups;
  }
  return undefined;
}

/** A backtracking matcher: each node is given what comes after it. */
class Matcher {
  readonly #text: readonly number[];
  readonly #budget: Budget;

  constructor(text: readonly number[], budget: Budget) {
    this.#text = text;
    this.#budget = budget;
  }

  run(node: RegexNode, at: number, groups: Groups, then: Continue): Groups | undefined {
    this.#budget.enter();
    const found = this.#dispatch(node, at, groups, then);
    this.#budget.leave();
    return found;
  }

  #dispatch(node: RegexNode, at: number, groups: Groups, then: Continue): Groups | undefined {
    switch (node.type) {
      case 'set': {
        const point = this.#text[at];
        return point !== undefined && node.matches(point) ? then(at + 1, groups) : undefined;
      }
      case 'sequence':
        return this.#sequence(node.items, 0, at, groups, then);
      case 'choice': {
        for (const option of node.options) {
          const found = this.run(option, at, groups, then);
          if (found) return found;
        }
        return undefined;
      }
      case 'group':
        return this.run(node.item, at, groups, (end, inner) => {
          const next = inner.slice();
          next[node.number] = [at, end];
          return then(end, next);
        });
      case 'repeat':
        return node.item.type === 'set' ? this.#repeatSet(node, node.item, at, groups, then) : this.#repeat(node, 0, at, groups, then);
      case 'assert':
        return node.holds(this.#text, at) ? then(at, groups) : undefined;
      case 'look': {
        const found = node.ahead ? this.run(node.item, at, groups, (_, inner) => inner) : this.#behind(node.item, at, groups);
        if (node.negative) return found ? undefined : then(at, groups);
        return found ? then(at, found) : undefined;
      }
      case 'atomic': {
        const end = this.#longest(node.item, at, groups);
        return end && then(end.at, end.groups);
      }
      case 'back':
        return this.#back(node, at, groups, then);
    }
  }

  #sequence(items: readonly RegexNode[], index: number, at: number, groups: Groups, then: Continue): Groups | undefined {
    let place = at;
    for (let i = index; i < items.length; i++) {
      const item = items[i] as RegexNode;
      if (item.type !== 'set') return this.run(item, place, groups, (next, inner) => this.#sequence(items, i + 1, next, inner, then));
      this.#budget.step();
      const point = this.#text[place];
      if (point === undefined || !item.matches(point)) return undefined;
      place += 1;
    }
    return then(place, groups);
  }

  /** A repeated set needs no nesting: it is known at once how far it reaches. */
  #repeatSet(node: Extract<RegexNode, { type: 'repeat' }>, set: Extract<RegexNode, { type: 'set' }>, at: number, groups: Groups, then: Continue): Groups | undefined {
    let count = 0;
    const more = (): boolean => {
      const point = this.#text[at + count];
      if (count >= node.most || point === undefined || !set.matches(point)) return false;
      this.#budget.step();
      count += 1;
      return true;
    };
    while (count < node.least) if (!more()) return undefined;
    if (node.mode === 'lazy') {
      for (;;) {
        const found = then(at + count, groups);
        if (found || !more()) return found;
      }
    }
    while (more());
    if (node.mode === 'possessive') return then(at + count, groups);
    for (; count >= node.least; count--) {
      this.#budget.step();
      const found = then(at + count, groups);
      if (found) return found;
    }
    return undefined;
  }

  #repeat(node: Extract<RegexNode, { type: 'repeat' }>, count: number, at: number, groups: Groups, then: Continue): Groups | undefined {
    if (node.mode === 'possessive') {
      let place = { at, groups };
      for (let times = 0; times < node.most; times++) {
        const next = this.#longest(node.item, place.at, place.groups);
        if (!next || next.at === place.at) {
          if (times < node.least && !next) return undefined;
          break;
        }
        place = next;
      }
      return then(place.at, place.groups);
    }
    const again = (): Groups | undefined => {
      if (count >= node.most) return undefined;
      // An empty turn leads nowhere, and would be taken for ever.
      return this.run(node.item, at, groups, (end, inner) => (end === at && count >= node.least ? undefined : this.#repeat(node, count + 1, end, inner, then)));
    };
    if (count < node.least) return again();
    return node.mode === 'lazy' ? (then(at, groups) ?? again()) : (again() ?? then(at, groups));
  }

  /** The first way to match, without a way back into it. */
  #longest(item: RegexNode, at: number, groups: Groups): { at: number; groups: Groups } | undefined {
    let end: { at: number; groups: Groups } | undefined;
    this.run(item, at, groups, (next, inner) => {
      end = { at: next, groups: inner };
      return inner;
    });
    return end;
  }

  #behind(item: RegexNode, at: number, groups: Groups): Groups | undefined {
    for (let start = at; start >= 0; start--) {
      const found = this.run(item, start, groups, (end, inner) => (end === at ? inner : undefined));
      if (found) return found;
    }
    return undefined;
  }

  #back(node: Extract<RegexNode, { type: 'back' }>, at: number, groups: Groups, then: Continue): Groups | undefined {
    const span = groups[node.number];
    if (!span) return undefined;
    const length = span[1] - span[0];
    for (let i = 0; i < length; i++) {
      this.#budget.step();
      const expected = this.#text[span[0] + i] as number;
      const found = this.#text[at + i];
      if (found === undefined || !(found === expected || (node.ignoreCase && lower(found) === lower(expected)))) return undefined;
    }
    return then(at + length, groups);
  }
}

function lower(point: number): string {
  return String.fromCodePoint(point).toLowerCase();
}
