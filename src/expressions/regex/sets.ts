type CharSet = (point: number) => boolean;

const unicode = (pattern: RegExp): CharSet => {
  const test = pattern;
  return (point) => test.test(String.fromCodePoint(point));
};

const range = (from: string, to: string): CharSet => {
  const low = from.codePointAt(0) as number;
  const high = to.codePointAt(0) as number;
  return (point) => point >= low && point <= high;
};

const either = (...sets: readonly CharSet[]): CharSet => (point) => sets.some((set) => set(point));

export const not = (set: CharSet): CharSet => (point) => !set(point);

export const word = unicode(/[\p{L}\p{M}\p{N}\p{Pc}]/u);
export const digit = unicode(/\p{Nd}/u);
export const space = unicode(/[\s\u0085]/u);
const hexadecimal = either(range('0', '9'), range('a', 'f'), range('A', 'F'));

/** What a letter after a backslash stands for; undefined when it stands for no set. */
export function escapedSet(letter: string): CharSet | undefined {
  switch (letter) {
    case 'd':
      return digit;
    case 'D':
      return not(digit);
    case 'w':
      return word;
    case 'W':
      return not(word);
    case 's':
      return space;
    case 'S':
      return not(space);
    case 'h':
      return hexadecimal;
    case 'H':
      return not(hexadecimal);
    default:
      return undefined;
  }
}

const POSIX: Readonly<Record<string, CharSet>> = {
  alnum: unicode(/[\p{L}\p{M}\p{Nd}]/u),
  alpha: unicode(/[\p{L}\p{M}]/u),
  ascii: (point) => point < 128,
  blank: unicode(/[\p{Zs}\t]/u),
  cntrl: unicode(/\p{Cc}/u),
  digit,
  graph: unicode(/[^\s\p{Cc}\p{Cn}\p{Cs}]/u),
  lower: unicode(/\p{Ll}/u),
  print: unicode(/[^\p{Cc}\p{Cn}\p{Cs}]/u),
  punct: unicode(/[\p{P}$+<=>^`|~]/u),
  space,
  upper: unicode(/\p{Lu}/u),
  xdigit: hexadecimal,
  word,
};

/** The set of a bracket such as `[:alpha:]`. */
export function posixSet(name: string): CharSet | undefined {
  return POSIX[name];
}

/** The set of a Unicode property: `\p{Lu}`. */
export function propertySet(name: string): CharSet | undefined {
  const posix = POSIX[name.toLowerCase()];
  if (posix) return posix;
  for (const form of [name, `Script=${name}`]) {
    try {
      return unicode(new RegExp(`\\p{${form}}`, 'u'));
    } catch {
      // Not a name of this kind: the next form is tried.
    }
  }
  return undefined;
}

/** The set with both cases of its letters. */
export function ignoringCase(set: CharSet): CharSet {
  return (point) => {
    if (set(point)) return true;
    const char = String.fromCodePoint(point);
    const folded = [char.toLowerCase(), char.toUpperCase()];
    return folded.some((other) => [...other].length === 1 && set(other.codePointAt(0) as number));
  };
}
