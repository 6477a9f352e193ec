import { JqError, shown } from '../jq/errors.js';
import type { Evaluator } from '../jq/evaluate.js';
import { asText, type Json, toText, typeOf } from '../jq/json.js';
import { split } from '../jq/operators.js';
import { FORMATS, formatText, utf8 } from './formats.js';
import { type NativeTable, values } from './native.js';

/** Functions on texts. */
export const strings: NativeTable = {
  'tostring/0': values((evaluator, input) => {
    const text = asText(input);
    evaluator.budget.text(text.length);
    return text;
  }),
  'tonumber/0': values((_, input) => {
    if (typeof input === 'number') return input;
    if (typeof input !== 'string') throw new JqError(`${shown(input)} cannot be parsed as a number`);
    if (input === 'nan') return Number.NaN;
    if (!/^\s*-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(input)) throw new JqError(`Cannot be parsed as a number: ${toText(input)}`);
    return Number(input);
  }),
  'type/0': values((_, input) => typeOf(input)),
  'startswith/1': values((_, input, part) => {
    if (typeof input !== 'string' || typeof part !== 'string') throw new JqError('startswith() requires string inputs');
    return input.startsWith(part);
  }),
  'endswith/1': values((_, input, part) => {
    if (typeof input !== 'string' || typeof part !== 'string') throw new JqError('endswith() requires string inputs');
    return input.endsWith(part);
  }),
  'ltrimstr/1': values((_, input, part) => withoutStart(input, part as Json)),
  'rtrimstr/1': values((_, input, part) => withoutEnd(input, part as Json)),
  'trimstr/1': values((_, input, part) => withoutEnd(withoutStart(input, part as Json), part as Json)),
  'trim/0': values((_, input) => text(input, 'trim input').replace(/^[ \t\n\v\f\r]+/, '').replace(/[ \t\n\v\f\r]+$/, '')),
  'ltrim/0': values((_, input) => text(input, 'trim input').replace(/^[ \t\n\v\f\r]+/, '')),
  'rtrim/0': values((_, input) => text(input, 'trim input').replace(/[ \t\n\v\f\r]+$/, '')),
  'explode/0': values((evaluator, input) => {
    const chars = [...text(input, 'explode input')];
    evaluator.budget.array(chars.length);
    return chars.map((char) => char.codePointAt(0) as number);
  }),
  'implode/0': values((evaluator, input) => {
    if (!Array.isArray(input)) throw new JqError(`${shown(input)} cannot be imploded, must be an array of codepoints`);
    evaluator.budget.text(input.length);
    return input.map(char).join('');
  }),
  'ascii_downcase/0': values((_, input) => text(input, 'ascii_downcase input').replaceAll(/[A-Z]/g, (char) => char.toLowerCase())),
  'ascii_upcase/0': values((_, input) => text(input, 'ascii_upcase input').replaceAll(/[a-z]/g, (char) => char.toUpperCase())),
  'split/1': values((evaluator, input, separator) => {
    if (typeof input !== 'string' || typeof separator !== 'string') throw new JqError('split input and separator must be strings');
    return split(input, separator, evaluator.budget);
  }),
  'join/1': values((evaluator, input, separator) => join(evaluator, input, separator as Json)),
  'utf8bytelength/0': values((_, input) => {
    if (typeof input !== 'string') throw new JqError(`${shown(input)} only strings have UTF-8 byte length`);
    return utf8(input).length;
  }),
  'format/1': values((evaluator, input, name) => {
    if (typeof name !== 'string' || !FORMATS.includes(name)) throw new JqError(`${asText(name as Json)} is not a valid format`);
    return formatText(name, input, evaluator.budget);
  }),
};

function text(input: Json, what: string): string {
  if (typeof input !== 'string') throw new JqError(`${what} must be a string`);
  return input;
}

function withoutStart(input: Json, part: Json): Json {
  return typeof input === 'string' && typeof part === 'string' && input.startsWith(part) ? input.slice(part.length) : input;
}

function withoutEnd(input: Json, part: Json): Json {
  return typeof input === 'string' && typeof part === 'string' && part !== '' && input.endsWith(part) ? input.slice(0, -part.length) : input;
}

function char(point: Json): string {
  if (typeof point !== 'number') throw new JqError('Unicode codepoint must be numeric');
  const valid = point >= 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
  return String.fromCodePoint(valid ? Math.floor(point) : 0xfffd);
}

function join(evaluator: Evaluator, input: Json, separator: Json): Json {
  const parts: string[] = [];
  evaluator.iterate(input, undefined, (item) => {
    if (typeof item === 'object' && item !== null) throw new JqError(`${shown(separator)} and ${shown(item)} cannot be added`);
    const part = item === null ? '' : asText(item);
    evaluator.budget.text(part.length + 1);
    parts.push(part);
  });
  if (parts.length === 0) return '';
  if (typeof separator !== 'string') {
    if (parts.length === 1 || separator === null) return parts.join('');
    throw new JqError(`${shown(parts[0] as string)} and ${shown(separator)} cannot be added`);
  }
  evaluator.budget.text(separator.length * parts.length);
  return parts.join(separator);
}
