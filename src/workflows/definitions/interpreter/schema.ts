import { Budget } from '../../../expressions/jq/budget.js';
import { equal, typeOf } from '../../../expressions/jq/json.js';
import { findMatch } from '../../../expressions/regex/match.js';
import { parseRegex } from '../../../expressions/regex/parse.js';
import { isObject, type Json, type JsonObject } from '../../../workflow-document/json.js';
import { standardError } from './error.js';

/**
 * Checks a value against a schema of the document: JSON Schema as far as values are concerned (types, properties, items, ranges, texts,
 * combinations, references within the schema). Raises a validation error that names the first place at fault.
 */
export function checkSchema(schema: Json | undefined, value: Json, what: string): void {
  if (schema === undefined) return;
  const document = isObject(schema) ? schema['document'] : undefined;
  if (document === undefined) {
    throw standardError('configuration', `the schema of the ${what} stands elsewhere: only a schema within the document (schema.document) can be checked`);
  }
  const fault = new Validator(document).faultIn(document, value, '');
  if (fault) throw standardError('validation', `the ${what} does not fit its schema: ${fault}`);
}

class Validator {
  readonly #root: Json;
  readonly #budget = new Budget();

  constructor(root: Json) {
    this.#root = root;
  }

  faultIn(schema: Json, value: Json, path: string): string | undefined {
    this.#budget.enter();
    const fault = this.#fault(schema, value, path);
    this.#budget.leave();
    return fault;
  }

  #fault(schema: Json, value: Json, path: string): string | undefined {
    if (schema === true) return undefined;
    if (schema === false) return `${path || '/'} must not be there`;
    if (!isObject(schema)) return undefined;
    const at = path || '/';
    if (typeof schema['$ref'] === 'string') {
      const fault = this.faultIn(this.#resolve(schema['$ref']), value, path);
      if (fault) return fault;
    }
    if (schema['type'] !== undefined) {
      const types = [schema['type']].flat() as Json[];
      if (!types.some((type) => hasType(value, type))) return `${at} must be ${types.join(' or ')}, and is ${typeOf(value)}`;
    }
    if (schema['const'] !== undefined && !equal(schema['const'], value)) return `${at} must be ${JSON.stringify(schema['const'])}`;
    if (Array.isArray(schema['enum']) && !schema['enum'].some((one) => equal(one, value))) return `${at} must be one of ${JSON.stringify(schema['enum'])}`;
    return (
      this.#number(schema, value, at) ??
      this.#text(schema, value, at) ??
      (Array.isArray(value) ? this.#list(schema, value, path) : undefined) ??
      (isObject(value) ? this.#object(schema, value, path) : undefined) ??
      this.#combined(schema, value, path)
    );
  }

  #resolve(reference: string): Json {
    let at: Json = this.#root;
    for (const key of reference.replace(/^#\/?/, '').split('/').filter(Boolean)) {
      at = (isObject(at) || Array.isArray(at) ? (at as JsonObject)[key.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined) ?? true;
    }
    return at;
  }

  #number(schema: JsonObject, value: Json, at: string): string | undefined {
    if (typeof value !== 'number') return undefined;
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
    if (typeof minimum === 'number' && value < minimum) return `${at} must be at least ${minimum}, and is ${value}`;
    if (typeof maximum === 'number' && value > maximum) return `${at} must be at most ${maximum}, and is ${value}`;
    if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum) return `${at} must be more than ${exclusiveMinimum}, and is ${value}`;
    if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum) return `${at} must be less than ${exclusiveMaximum}, and is ${value}`;
    if (typeof multipleOf === 'number' && !Number.isInteger(value / multipleOf)) return `${at} must be a multiple of ${multipleOf}`;
    return undefined;
  }

  #text(schema: JsonObject, value: Json, at: string): string | undefined {
    if (typeof value !== 'string') return undefined;
    const points = [...value].map((char) => char.codePointAt(0) as number);
    const { minLength, maxLength, pattern } = schema;
    if (typeof minLength === 'number' && points.length < minLength) return `${at} must have at least ${minLength} characters`;
    if (typeof maxLength === 'number' && points.length > maxLength) return `${at} must have at most ${maxLength} characters`;
    if (typeof pattern !== 'string') return undefined;
    const regex = parseRegex(pattern, { ignoreCase: false, extended: false, lines: false, dotAll: false });
    return findMatch(regex, points, 0, this.#budget) ? undefined : `${at} must match ${pattern}`;
  }

  #list(schema: JsonObject, value: Json[], path: string): string | undefined {
    const { minItems, maxItems, items, prefixItems, contains } = schema;
    const at = path || '/';
    if (typeof minItems === 'number' && value.length < minItems) return `${at} must have at least ${minItems} items`;
    if (typeof maxItems === 'number' && value.length > maxItems) return `${at} must have at most ${maxItems} items`;
    if (schema['uniqueItems'] === true && value.some((item, i) => value.slice(0, i).some((other) => equal(item, other)))) return `${at} must not have equal items`;
    if (contains !== undefined && !value.some((item) => !this.faultIn(contains, item, path))) return `${at} lacks an item that it must have`;
    const first = Array.isArray(prefixItems) ? prefixItems : [];
    for (const [i, item] of value.entries()) {
      const rule = first[i] ?? items;
      const fault = rule === undefined ? undefined : this.faultIn(rule, item, `${path}/${i}`);
      if (fault) return fault;
    }
    return undefined;
  }

  #object(schema: JsonObject, value: JsonObject, path: string): string | undefined {
    const { required, properties, additionalProperties, minProperties, maxProperties } = schema;
    const known = isObject(properties) ? properties : {};
    const missing = (Array.isArray(required) ? required : []).find((key) => typeof key === 'string' && !Object.hasOwn(value, key));
    if (missing !== undefined) return `${path}/${String(missing)} is missing`;
    const count = Object.keys(value).length;
    if (typeof minProperties === 'number' && count < minProperties) return `${path || '/'} must have at least ${minProperties} keys`;
    if (typeof maxProperties === 'number' && count > maxProperties) return `${path || '/'} must have at most ${maxProperties} keys`;
    for (const [key, inner] of Object.entries(value)) {
      const rule = Object.hasOwn(known, key) ? known[key] : additionalProperties;
      if (rule === false && !Object.hasOwn(known, key)) return `${path}/${key} is not known`;
      const fault = rule === undefined ? undefined : this.faultIn(rule, inner, `${path}/${key}`);
      if (fault) return fault;
    }
    return undefined;
  }

  #combined(schema: JsonObject, value: Json, path: string): string | undefined {
    const { allOf, anyOf, oneOf, not } = schema;
    const at = path || '/';
    for (const one of Array.isArray(allOf) ? allOf : []) {
      const fault = this.faultIn(one, value, path);
      if (fault) return fault;
    }
    const fits = (list: Json[]): number => list.filter((one) => !this.faultIn(one, value, path)).length;
    if (Array.isArray(anyOf) && fits(anyOf) === 0) return `${at} fits none of the schemas of anyOf`;
    if (Array.isArray(oneOf) && fits(oneOf) !== 1) return `${at} fits ${fits(oneOf)} of the schemas of oneOf, and must fit one`;
    if (not !== undefined && !this.faultIn(not, value, path)) return `${at} fits a schema that it must not fit`;
    return undefined;
  }
}

function hasType(value: Json, type: Json): boolean {
  if (type === 'integer') return typeof value === 'number' && Number.isInteger(value);
  return typeOf(value) === type;
}
