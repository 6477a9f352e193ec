import { SyntaxFault } from './errors.js';

/** `quote` is the beginning of a text, which the parser reads on with `textPart`. */
export interface Token {
  readonly type: 'operator' | 'word' | 'field' | 'variable' | 'format' | 'number' | 'quote' | 'end';
  readonly text: string;
  readonly offset: number;
}

const PATTERNS: readonly (readonly [Token['type'], RegExp])[] = [
  ['number', /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['field', /\.[A-Za-z_]\w*/y],
  ['word', /(?:[A-Za-z_]\w*::)*[A-Za-z_]\w*/y],
  ['variable', /\$(?:[A-Za-z_]\w*::)*[A-Za-z_]\w*/y],
  ['format', /@\w+/y],
  ['quote', /"/y],
  ['operator', /\?\/\/(?!=)|\/\/=|[|+\-*/%=!<>]=|\.\.|\/\/|[.[\](){}|,:;=<>+\-*/%?$]/y],
];

const SPACE = /(?:\s|#[^\n\r]*)*/y;

const ESCAPES: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Reads an expression word by word. */
export class Lexer {
  readonly #source: string;
  #position = 0;
  #peeked: Token | undefined;

  constructor(source: string) {
    this.#source = source;
  }

  peek(): Token {
    this.#peeked ??= this.#read();
    return this.#peeked;
  }

  next(): Token {
    const token = this.peek();
    this.#peeked = undefined;
    return token;
  }

  /** The characters of a text up to its end or to the next `\(`, after `next` gave `quote` or after the `)` of an interpolation. */
  textPart(start: number): { readonly text: string; readonly end: boolean } {
    let text = '';
    for (;;) {
      const char = this.#source[this.#position];
      if (char === undefined) throw new SyntaxFault('the text has no closing quote', start);
      this.#position += 1;
      if (char === '"') return { text, end: true };
      if (char !== '\\') {
        text += char;
        continue;
      }
      const escaped = this.#source[this.#position] ?? '';
      this.#position += 1;
      if (escaped === '(') return { text, end: false };
      text += escaped === 'u' ? this.#hexadecimal() : this.#escape(escaped);
    }
  }

  #escape(char: string): string {
    const found = ESCAPES[char];
    if (found === undefined) throw new SyntaxFault(`\\${char} is no escape sequence`, this.#position - 2);
    return found;
  }

  #hexadecimal(): string {
    const digits = this.#source.slice(this.#position, this.#position + 4);
    if (!/^[\da-fA-F]{4}$/.test(digits)) throw new SyntaxFault('\\u wants four hexadecimal digits', this.#position - 2);
    this.#position += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #read(): Token {
    SPACE.lastIndex = this.#position;
    SPACE.exec(this.#source);
    this.#position = SPACE.lastIndex;
    const offset = this.#position;
    if (offset >= this.#source.length) return { type: 'end', text: '', offset };
    for (const [type, pattern] of PATTERNS) {
      pattern.lastIndex = offset;
      const found = pattern.exec(this.#source);
      if (!found) continue;
      this.#position = offset + found[0].length;
      return { type, text: found[0], offset };
    }
    throw new SyntaxFault(`unexpected character ${this.#source[offset]}`, offset);
  }
}
