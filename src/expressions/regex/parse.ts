import { JqError } from '../jq/errors.js';
import { escapedSet, ignoringCase, not, posixSet, propertySet, word } from './sets.js';
import type { ParsedRegex, RegexFlags, RegexNode } from './syntax.js';

const DEEPEST = 100;
/** Most repetitions that may be written: `a{n}`. */
const MOST = 100_000;

/** Reads a regular expression in the syntax of Oniguruma, as far as it is common. Raises jq's error when it cannot be read. */
export function parseRegex(source: string, flags: RegexFlags): ParsedRegex {
  return new RegexParser(source, flags).parse();
}

const isWord = (point: number | undefined): boolean => point !== undefined && word(point);
const NEWLINE = 10;

type Holds = (text: readonly number[], at: number) => boolean;
const isStart: Holds = (_, at) => at === 0;
const isLineStart: Holds = (text, at) => at === 0 || text[at - 1] === NEWLINE;
const isLineEnd: Holds = (text, at) => at === text.length || text[at] === NEWLINE;
const isEndOrLastNewline: Holds = (text, at) => at === text.length || (at === text.length - 1 && text[at] === NEWLINE);

class RegexParser {
  readonly #source: string;
  readonly #chars: readonly string[];
  #flags: RegexFlags;
  #at = 0;
  #depth = 0;
  readonly #names: (string | null)[] = [];

  constructor(source: string, flags: RegexFlags) {
    this.#source = source;
    this.#chars = [...source];
    this.#flags = flags;
  }

  parse(): ParsedRegex {
    const root = this.#choice();
    if (this.#at < this.#chars.length) throw this.#fault('unmatched close parenthesis');
    return { root, names: this.#names };
  }

  #choice(): RegexNode {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw this.#fault('nested too deep');
    const outside = this.#flags;
    const options = [this.#sequence()];
    while (this.#take('|')) options.push(this.#sequence());
    // Flags that were set inside a group end with it.
    this.#flags = outside;
    this.#depth -= 1;
    return options.length === 1 ? (options[0] as RegexNode) : { type: 'choice', options };
  }

  #sequence(): RegexNode {
    const items: RegexNode[] = [];
    for (;;) {
      this.#skipExtended();
      const char = this.#chars[this.#at];
      if (char === undefined || char === '|' || char === ')') return { type: 'sequence', items };
      const item = this.#atom();
      if (item) items.push(this.#quantified(item));
    }
  }

  #skipExtended(): void {
    if (!this.#flags.extended) return;
    for (;;) {
      const char = this.#chars[this.#at];
      if (char === '#') while (this.#at < this.#chars.length && this.#chars[this.#at] !== '\n') this.#at += 1;
      else if (char !== undefined && /\s/.test(char)) this.#at += 1;
      else return;
    }
  }

  #quantified(atom: RegexNode): RegexNode {
    let item = atom;
    for (;;) {
      this.#skipExtended();
      const range = this.#range();
      if (!range) return item;
      const mode = this.#take('?') ? 'lazy' : range.braces || !this.#take('+') ? 'greedy' : 'possessive';
      item = { type: 'repeat', item, least: range.least, most: range.most, mode };
    }
  }

  #range(): { least: number; most: number; braces: boolean } | undefined {
    if (this.#take('*')) return { least: 0, most: Infinity, braces: false };
    if (this.#take('+')) return { least: 1, most: Infinity, braces: false };
    if (this.#take('?')) return { least: 0, most: 1, braces: false };
    const found = /^\{(\d*)(,?)(\d*)\}/.exec(this.#chars.slice(this.#at, this.#at + 20).join(''));
    const [all, least, comma, most] = found ?? [];
    if (all === undefined || (least === '' && most === '')) return undefined;
    this.#at += all.length;
    const range = { least: Number(least || '0'), most: comma === '' ? Number(least) : most === '' ? Infinity : Number(most), braces: true };
    if (range.least > MOST || (range.most !== Infinity && range.most > MOST)) throw this.#fault('too big number for repeat range');
    return range;
  }

  #atom(): RegexNode | undefined {
    const char = this.#chars[this.#at] as string;
    this.#at += 1;
    switch (char) {
      case '.':
        return { type: 'set', matches: this.#flags.dotAll ? () => true : (point) => point !== NEWLINE };
      case '^':
        return { type: 'assert', holds: this.#flags.lines ? isLineStart : isStart };
      case '$':
        return { type: 'assert', holds: this.#flags.lines ? isLineEnd : isEndOrLastNewline };
      case '[':
        return this.#set(this.#bracket());
      case '(':
        return this.#group();
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        throw this.#fault('target of repeat operator is not specified');
      default:
        return this.#literal(char);
    }
  }

  #literal(char: string): RegexNode {
    const expected = char.codePointAt(0) as number;
    return this.#set((point) => point === expected);
  }

  #set(matches: (point: number) => boolean): RegexNode {
    return { type: 'set', matches: this.#flags.ignoreCase ? ignoringCase(matches) : matches };
  }

  #group(): RegexNode | undefined {
    if (!this.#take('?')) return this.#capture(null);
    if (this.#take(':')) return this.#closed(this.#choice());
    if (this.#take('=')) return { type: 'look', ahead: true, negative: false, item: this.#closed(this.#choice()) };
    if (this.#take('!')) return { type: 'look', ahead: true, negative: true, item: this.#closed(this.#choice()) };
    if (this.#take('>')) return { type: 'atomic', item: this.#closed(this.#choice()) };
    if (this.#take('#')) {
      while (this.#chars[this.#at] !== ')') {
        if (this.#at >= this.#chars.length) throw this.#fault('end pattern in group');
        this.#at += 1;
      }
      this.#at += 1;
      return undefined;
    }
    if (this.#take('<')) {
      if (this.#take('=')) return { type: 'look', ahead: false, negative: false, item: this.#closed(this.#choice()) };
      if (this.#take('!')) return { type: 'look', ahead: false, negative: true, item: this.#closed(this.#choice()) };
      return this.#capture(this.#name('>'));
    }
    if (this.#chars[this.#at] === 'P' && this.#chars[this.#at + 1] === '<') {
      this.#at += 2;
      return this.#capture(this.#name('>'));
    }
    return this.#options();
  }

  #capture(name: string | null): RegexNode {
    this.#names.push(name);
    const number = this.#names.length;
    return { type: 'group', number, item: this.#closed(this.#choice()) };
  }

  /** `(?i)` to the end of the group, `(?i:…)` for this one. */
  #options(): RegexNode | undefined {
    let on = true;
    const before = this.#flags;
    for (;;) {
      const char = this.#chars[this.#at];
      this.#at += 1;
      if (char === '-') on = false;
      else if (char === 'i') this.#flags = { ...this.#flags, ignoreCase: on };
      else if (char === 'x') this.#flags = { ...this.#flags, extended: on };
      else if (char === 'm') this.#flags = { ...this.#flags, lines: on };
      else if (char === 's') this.#flags = { ...this.#flags, dotAll: on };
      else if (char === ')') return undefined;
      else if (char === ':') {
        const item = this.#closed(this.#choice());
        this.#flags = before;
        return item;
      } else throw this.#fault('undefined group option');
    }
  }

  #closed(item: RegexNode): RegexNode {
    if (!this.#take(')')) throw this.#fault('end pattern with unmatched parenthesis');
    return item;
  }

  #name(end: string): string {
    let name = '';
    while (this.#chars[this.#at] !== end) {
      const char = this.#chars[this.#at];
      if (char === undefined || !/[\p{L}\p{N}_]/u.test(char)) throw this.#fault('invalid group name');
      name += char;
      this.#at += 1;
    }
    this.#at += 1;
    if (name === '') throw this.#fault('group name is empty');
    return name;
  }

  #escape(): RegexNode {
    const char = this.#chars[this.#at];
    if (char === undefined) throw this.#fault('end pattern at escape');
    this.#at += 1;
    switch (char) {
      case 'A':
        return { type: 'assert', holds: isStart };
      case 'z':
        return { type: 'assert', holds: (text, at) => at === text.length };
      case 'Z':
        return { type: 'assert', holds: isEndOrLastNewline };
      case 'b':
        return { type: 'assert', holds: (text, at) => isWord(text[at - 1]) !== isWord(text[at]) };
      case 'B':
        return { type: 'assert', holds: (text, at) => isWord(text[at - 1]) === isWord(text[at]) };
      case 'k': {
        if (!this.#take('<')) throw this.#fault('invalid back reference');
        const name = this.#name('>');
        const number = /^\d+$/.test(name) ? Number(name) : this.#names.lastIndexOf(name) + 1;
        if (number === 0) throw this.#fault(`undefined name <${name}> reference`);
        return { type: 'back', number, ignoreCase: this.#flags.ignoreCase };
      }
      default:
        if (/[1-9]/.test(char)) return { type: 'back', number: Number(char), ignoreCase: this.#flags.ignoreCase };
        return this.#set(this.#escaped(char));
    }
  }

  /** What a backslash and the character after it, which is read, stand for: within brackets and outside. */
  #escaped(char: string): (point: number) => boolean {
    if (char === 'p' || char === 'P') return this.#property(char === 'P');
    const set = escapedSet(char);
    if (set) return set;
    const point = this.#escapedPoint(char);
    return (other) => other === point;
  }

  #property(negative: boolean): (point: number) => boolean {
    if (!this.#take('{')) throw this.#fault('invalid character property name');
    const inverted = this.#take('^');
    const name = this.#name('}');
    const set = propertySet(name);
    if (!set) throw this.#fault(`invalid character property name {${name}}`);
    return inverted === negative ? set : not(set);
  }

  #escapedPoint(char: string): number {
    const control: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, f: 12, v: 11, a: 7, e: 27, '0': 0 };
    if (char === 'x' && this.#take('{')) return this.#hexadecimal(/^([\da-fA-F]{1,6})\}/);
    if (char === 'x') return this.#hexadecimal(/^([\da-fA-F]{1,2})/);
    if (char === 'u') return this.#hexadecimal(/^([\da-fA-F]{4})/);
    return control[char] ?? (char.codePointAt(0) as number);
  }

  #hexadecimal(pattern: RegExp): number {
    const found = pattern.exec(this.#chars.slice(this.#at, this.#at + 8).join(''));
    const point = Number.parseInt(found?.[1] ?? '', 16);
    if (!found || point > 0x10ffff) throw this.#fault('invalid code point value');
    this.#at += found[0].length;
    return point;
  }

  #bracket(): (point: number) => boolean {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw this.#fault('nested too deep');
    const negative = this.#take('^');
    const sets: ((point: number) => boolean)[] = [];
    let intersection: ((point: number) => boolean) | undefined;
    const union = (): ((point: number) => boolean) => {
      const members = sets.slice();
      const left = intersection;
      return (point) => (left === undefined || left(point)) && members.some((set) => set(point));
    };
    for (let first = true; ; first = false) {
      const char = this.#chars[this.#at];
      if (char === undefined) throw this.#fault('premature end of char-class');
      this.#at += 1;
      if (char === ']' && !first) break;
      if (char === '&' && this.#chars[this.#at] === '&') {
        this.#at += 1;
        intersection = union();
        sets.length = 0;
      } else if (char === '[') sets.push(this.#nested());
      else sets.push(this.#member(char));
    }
    this.#depth -= 1;
    const set = union();
    return negative ? not(set) : set;
  }

  #nested(): (point: number) => boolean {
    if (this.#chars[this.#at] !== ':') return this.#bracket();
    const found = /^:(\^?)([a-z]+):\]/.exec(this.#chars.slice(this.#at, this.#at + 12).join(''));
    const set = found?.[2] === undefined ? undefined : posixSet(found[2]);
    if (!found || !set) return this.#bracket();
    this.#at += found[0].length;
    return found[1] === '^' ? not(set) : set;
  }

  #member(char: string): (point: number) => boolean {
    let low = char.codePointAt(0) as number;
    if (char === '\\') {
      const escaped = this.#chars[this.#at];
      if (escaped === undefined) throw this.#fault('end pattern at escape');
      this.#at += 1;
      if (escapedSet(escaped) || escaped === 'p' || escaped === 'P') return this.#escaped(escaped);
      low = escaped === 'b' ? 8 : this.#escapedPoint(escaped);
    }
    const next = this.#chars[this.#at + 1];
    if (this.#chars[this.#at] !== '-' || next === undefined || next === ']' || next === '[') return (point) => point === low;
    this.#at += 2;
    let high = next.codePointAt(0) as number;
    if (next === '\\') {
      high = this.#escapedPoint(this.#chars[this.#at] ?? '\\');
      this.#at += 1;
    }
    if (high < low) throw this.#fault('empty range in char class');
    return (point) => point >= low && point <= high;
  }

  #take(char: string): boolean {
    if (this.#chars[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }

  #fault(why: string): JqError {
    return new JqError(`${this.#source} (at offset 0) is not a valid regex: ${why}`);
  }
}
