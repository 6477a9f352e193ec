import { SyntaxFault } from './errors.js';
import { Lexer, type Token } from './lexer.js';
import type { BinaryOperator, Definition, Node, Pattern, PatternEntry } from './syntax.js';

const IDENTITY: Node = { type: 'identity' };

/** Binary operators by how tightly they bind, the loosest first. */
const LEVELS: readonly { readonly operators: readonly string[]; readonly associates: 'left' | 'right' | 'not' }[] = [
  { operators: ['//'], associates: 'right' },
  { operators: ['=', '|=', '+=', '-=', '*=', '/=', '%=', '//='], associates: 'not' },
  { operators: ['or'], associates: 'left' },
  { operators: ['and'], associates: 'left' },
  { operators: ['==', '!=', '<', '<=', '>', '>='], associates: 'not' },
  { operators: ['+', '-'], associates: 'left' },
  { operators: ['*', '/', '%'], associates: 'left' },
];

const KEYWORDS = new Set(['def', 'if', 'then', 'elif', 'else', 'end', 'as', 'reduce', 'foreach', 'try', 'catch', 'label', 'import', 'include', 'and', 'or', '__loc__']);

/** How deep an expression may be nested in its text. */
const DEEPEST = 200;

/** Reads an expression. Throws SyntaxFault with the place. */
export function parse(source: string): Node {
  return new Parser(source).program();
}

/** Reads function definitions, one after the other. */
export function parseDefinitions(source: string): Definition[] {
  return new Parser(source).definitions();
}

class Parser {
  readonly #source: string;
  readonly #lexer: Lexer;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
    this.#lexer = new Lexer(source);
  }

  program(): Node {
    const node = this.#pipe();
    this.#expectEnd();
    return node;
  }

  definitions(): Definition[] {
    const found: Definition[] = [];
    while (this.#takeWord('def')) found.push(this.#definition());
    this.#expectEnd();
    return found;
  }

  #pipe(commas = true): Node {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new SyntaxFault(`the expression is nested more than ${DEEPEST} deep`, this.#lexer.peek().offset);
    const node = this.#takeWord('def') ? this.#define(commas) : this.#pipeline(commas);
    this.#depth -= 1;
    return node;
  }

  #define(commas: boolean): Node {
    const definition = this.#definition();
    return { type: 'define', definition, body: this.#pipe(commas) };
  }

  /** A long chain is read in a loop, and nests to the right. */
  #pipeline(commas: boolean): Node {
    const stages = [this.#comma(commas)];
    while (this.#take('|')) {
      if (this.#takeWord('def')) {
        stages.push(this.#define(commas));
        break;
      }
      stages.push(this.#comma(commas));
    }
    return stages.reduceRight((right, left) => ({ type: 'pipe', left, right }));
  }

  #comma(commas: boolean): Node {
    let node = this.#binary(0);
    if (!commas) return node;
    while (this.#take(',')) node = { type: 'comma', left: node, right: this.#binary(0) };
    return node;
  }

  #binary(index: number): Node {
    const level = LEVELS[index];
    if (!level) return this.#postfix();
    let left = this.#binary(index + 1);
    for (;;) {
      const token = this.#lexer.peek();
      if ((token.type !== 'operator' && token.type !== 'word') || !level.operators.includes(token.text)) return left;
      this.#lexer.next();
      const right = this.#binary(level.associates === 'right' ? index : index + 1);
      left = combine(token.text, left, right);
      const again = this.#lexer.peek();
      if (level.associates === 'not' && again.type === 'operator' && level.operators.includes(again.text)) {
        throw new SyntaxFault(`${again.text} cannot follow ${token.text} without parentheses`, again.offset);
      }
    }
  }

  #postfix(): Node {
    if (this.#take('-')) return { type: 'negate', operand: this.#postfix() };
    const node = this.#term();
    return this.#takeWord('as') ? this.#bind(node) : node;
  }

  #term(): Node {
    let node = this.#primary();
    for (;;) {
      const token = this.#lexer.peek();
      if (token.type === 'field') {
        this.#lexer.next();
        node = { type: 'index', target: node, key: { type: 'literal', value: token.text.slice(1) } };
      } else if (this.#take('?')) node = { type: 'try', body: node, handler: undefined };
      else if (this.#take('[')) node = this.#bracket(node);
      else if (this.#take('.')) node = this.#afterDot(node);
      else return node;
    }
  }

  #afterDot(target: Node): Node {
    if (this.#take('[')) return this.#bracket(target);
    const token = this.#lexer.peek();
    if (token.type === 'quote') return { type: 'index', target, key: this.#text('text') };
    throw this.#unexpected(token);
  }

  #bracket(target: Node): Node {
    if (this.#take(']')) return { type: 'iterate', target };
    if (this.#take(':')) {
      const to = this.#pipe();
      this.#expect(']');
      return { type: 'slice', target, from: undefined, to };
    }
    const key = this.#pipe();
    if (this.#take(']')) return { type: 'index', target, key };
    this.#expect(':');
    if (this.#take(']')) return { type: 'slice', target, from: key, to: undefined };
    const to = this.#pipe();
    this.#expect(']');
    return { type: 'slice', target, from: key, to };
  }

  #bind(source: Node): Node {
    const patterns = this.#patterns();
    this.#expect('|');
    return { type: 'bind', source, patterns, body: this.#pipe() };
  }

  #patterns(): Pattern[] {
    const patterns = [this.#pattern()];
    while (this.#take('?//')) patterns.push(this.#pattern());
    return patterns;
  }

  #pattern(): Pattern {
    const token = this.#lexer.next();
    if (token.type === 'variable') return { type: 'variable', name: token.text };
    if (token.text === '[' && token.type === 'operator') {
      const items = [this.#pattern()];
      while (this.#take(',')) items.push(this.#pattern());
      this.#expect(']');
      return { type: 'array', items };
    }
    if (token.text !== '{' || token.type !== 'operator') throw this.#unexpected(token);
    const entries = [this.#patternEntry()];
    while (this.#take(',')) entries.push(this.#patternEntry());
    this.#expect('}');
    return { type: 'object', entries };
  }

  #patternEntry(): PatternEntry {
    const token = this.#lexer.peek();
    if (token.type === 'variable') {
      this.#lexer.next();
      const key: Node = { type: 'literal', value: token.text.slice(1) };
      return { key, variable: token.text, pattern: this.#take(':') ? this.#pattern() : undefined };
    }
    const key = this.#key();
    this.#expect(':');
    return { key, variable: undefined, pattern: this.#pattern() };
  }

  #key(): Node {
    const token = this.#lexer.peek();
    if (token.type === 'quote') return this.#text('text');
    this.#lexer.next();
    if (token.type === 'word') return { type: 'literal', value: token.text };
    if (token.type === 'format' && this.#lexer.peek().type === 'quote') return this.#text(token.text.slice(1));
    if (token.text !== '(') throw this.#unexpected(token);
    const key = this.#pipe();
    this.#expect(')');
    return key;
  }

  #primary(): Node {
    const token = this.#lexer.peek();
    if (token.type === 'quote') return this.#text('text');
    this.#lexer.next();
    switch (token.type) {
      case 'number':
        return { type: 'literal', value: Number(token.text) };
      case 'field':
        return { type: 'index', target: IDENTITY, key: { type: 'literal', value: token.text.slice(1) } };
      case 'variable':
        return token.text === '$__loc__' ? this.#location(token) : { type: 'variable', name: token.text, offset: token.offset };
      case 'format':
        return this.#lexer.peek().type === 'quote' ? this.#text(token.text.slice(1)) : { type: 'format', name: token.text.slice(1) };
      case 'word':
        return this.#word(token);
      default:
        return this.#symbol(token);
    }
  }

  #symbol(token: Token): Node {
    if (token.type !== 'operator') throw this.#unexpected(token);
    switch (token.text) {
      case '..':
        return { type: 'call', name: 'recurse', args: [], offset: token.offset };
      case '.': {
        const next = this.#lexer.peek();
        if (next.type === 'quote') return { type: 'index', target: IDENTITY, key: this.#text('text') };
        return IDENTITY;
      }
      case '(': {
        const node = this.#pipe();
        this.#expect(')');
        return node;
      }
      case '[': {
        if (this.#take(']')) return { type: 'array', items: undefined };
        const items = this.#pipe();
        this.#expect(']');
        return { type: 'array', items };
      }
      case '{':
        return this.#object();
      default:
        throw this.#unexpected(token);
    }
  }

  #object(): Node {
    const entries: { key: Node; value: Node }[] = [];
    while (!this.#take('}')) {
      if (entries.length > 0) {
        this.#expect(',');
        if (this.#take('}')) break;
      }
      entries.push(this.#entry());
    }
    return { type: 'object', entries };
  }

  #entry(): { key: Node; value: Node } {
    const token = this.#lexer.peek();
    if (token.type === 'variable') {
      this.#lexer.next();
      const value: Node = token.text === '$__loc__' ? this.#location(token) : { type: 'variable', name: token.text, offset: token.offset };
      return { key: { type: 'literal', value: token.text.slice(1) }, value };
    }
    if (token.type === 'number') {
      this.#lexer.next();
      this.#expect(':');
      return { key: { type: 'literal', value: Number(token.text) }, value: this.#pipe(false) };
    }
    const computed = token.text === '(' && token.type === 'operator';
    const key = this.#key();
    if (this.#take(':')) return { key, value: this.#pipe(false) };
    if (computed) throw this.#unexpected(this.#lexer.peek());
    return { key, value: { type: 'index', target: IDENTITY, key } };
  }

  #word(token: Token): Node {
    switch (token.text) {
      case 'if':
        return this.#condition();
      case 'try': {
        const body = this.#term();
        return { type: 'try', body, handler: this.#takeWord('catch') ? this.#term() : undefined };
      }
      case 'reduce': {
        const { source, patterns } = this.#iteration();
        const [start, update] = this.#semicolons(2, 2) as [Node, Node];
        return { type: 'reduce', source, patterns, start, update };
      }
      case 'foreach': {
        const { source, patterns } = this.#iteration();
        const [start, update, extract] = this.#semicolons(2, 3) as [Node, Node, Node | undefined];
        return { type: 'foreach', source, patterns, start, update, extract };
      }
      case 'label': {
        const name = this.#variable();
        this.#expect('|');
        return { type: 'label', name, body: this.#pipe() };
      }
      case 'break':
        return this.#lexer.peek().type === 'variable' ? { type: 'break', name: this.#variable(), offset: token.offset } : this.#call(token);
      case 'def':
        return this.#define(true);
      case 'null':
      case 'true':
      case 'false':
        return { type: 'literal', value: token.text === 'null' ? null : token.text === 'true' };
      default:
        if (KEYWORDS.has(token.text)) throw this.#unexpected(token);
        return this.#call(token);
    }
  }

  #call(token: Token): Node {
    const args = this.#lexer.peek().text === '(' && this.#lexer.peek().type === 'operator' ? this.#semicolons(1, 20) : [];
    return { type: 'call', name: token.text, args, offset: token.offset };
  }

  #condition(): Node {
    const condition = this.#pipe();
    this.#expectWord('then');
    const consequence = this.#pipe();
    if (this.#takeWord('elif')) return { type: 'if', condition, consequence, otherwise: this.#condition() };
    const otherwise = this.#takeWord('else') ? this.#pipe() : undefined;
    this.#expectWord('end');
    return { type: 'if', condition, consequence, otherwise };
  }

  /** `… as $x` of reduce and foreach. The source is a term: `as` ends it. */
  #iteration(): { source: Node; patterns: Pattern[] } {
    const source = this.#term();
    this.#expectWord('as');
    return { source, patterns: this.#patterns() };
  }

  #semicolons(least: number, most: number): Node[] {
    this.#expect('(');
    const nodes = [this.#pipe()];
    while (this.#take(';')) nodes.push(this.#pipe());
    const closing = this.#lexer.peek();
    this.#expect(')');
    if (nodes.length < least || nodes.length > most) throw new SyntaxFault(`${nodes.length} parts between parentheses, expected ${least} to ${most}`, closing.offset);
    return nodes;
  }

  #definition(): Definition {
    const name = this.#lexer.next();
    if (name.type !== 'word') throw this.#unexpected(name);
    const parameters: string[] = [];
    if (this.#take('(')) {
      do {
        const parameter = this.#lexer.next();
        if (parameter.type !== 'word' && parameter.type !== 'variable') throw this.#unexpected(parameter);
        parameters.push(parameter.text);
      } while (this.#take(';'));
      this.#expect(')');
    }
    this.#expect(':');
    const body = this.#pipe();
    this.#expect(';');
    return { name: name.text, parameters, body };
  }

  #text(format: string): Node {
    const start = this.#lexer.next().offset;
    const parts: (string | Node)[] = [];
    for (;;) {
      const { text, end } = this.#lexer.textPart(start);
      if (text !== '') parts.push(text);
      if (end) break;
      parts.push(this.#pipe());
      // Not taken by `expect`: what follows is text, and must not be read as a word.
      const closing = this.#lexer.next();
      if (closing.text !== ')') throw this.#unexpected(closing);
    }
    if (parts.every((part) => typeof part === 'string')) return { type: 'literal', value: parts.join('') };
    return { type: 'text', format, parts };
  }

  #location(token: Token): Node {
    const line = this.#source.slice(0, token.offset).split('\n').length;
    return { type: 'literal', value: { file: '<top-level>', line } };
  }

  #variable(): string {
    const token = this.#lexer.next();
    if (token.type !== 'variable') throw this.#unexpected(token);
    return token.text;
  }

  #take(text: string): boolean {
    const token = this.#lexer.peek();
    if (token.type !== 'operator' || token.text !== text) return false;
    this.#lexer.next();
    return true;
  }

  #takeWord(text: string): boolean {
    const token = this.#lexer.peek();
    if (token.type !== 'word' || token.text !== text) return false;
    this.#lexer.next();
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw this.#unexpected(this.#lexer.peek(), text);
  }

  #expectWord(text: string): void {
    if (!this.#takeWord(text)) throw this.#unexpected(this.#lexer.peek(), text);
  }

  #expectEnd(): void {
    const token = this.#lexer.peek();
    if (token.type !== 'end') throw this.#unexpected(token);
  }

  #unexpected(token: Token, expected?: string): SyntaxFault {
    const found = token.type === 'end' ? 'the end' : token.text;
    return new SyntaxFault(`unexpected ${found}${expected === undefined ? '' : `, expected ${expected}`}`, token.offset);
  }
}

function combine(operator: string, left: Node, right: Node): Node {
  switch (operator) {
    case '//':
      return { type: 'alternative', left, right };
    case 'and':
    case 'or':
      return { type: operator, left, right };
    case '=':
    case '|=':
    case '+=':
    case '-=':
    case '*=':
    case '/=':
    case '%=':
    case '//=':
      return { type: 'update', operator, left, right };
    default:
      return { type: 'binary', operator: operator as BinaryOperator, left, right };
  }
}
