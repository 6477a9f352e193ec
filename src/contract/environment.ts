import { resolve } from 'node:path';
import { Code, StigmerError } from './errors.js';

/** What every variable says about itself. */
interface VariableBase {
  /** What it is for, in one line. */
  readonly meaning: string;
  /** A value that works, shown when it is missing or malformed. */
  readonly example: string;
  /** Without it the program refuses to start. */
  readonly required?: boolean;
  /** Its value never stands in an error text. */
  readonly secret?: boolean;
  /** Other names that are read as this one. Two that are set to different values are refused. */
  readonly aliases?: readonly string[];
  /** Names that look like this variable and are not read, each with what to do instead. One that is set is refused. */
  readonly refused?: Readonly<Record<string, string>>;
}

/** `host:port`, without a scheme. IPv6 in brackets. Read as a string. */
export interface AddressVariable extends VariableBase {
  readonly type: 'address';
  readonly default?: string;
}

export interface StringVariable extends VariableBase {
  readonly type: 'string';
  readonly default?: string;
}

/** Whole number, `min` and `max` included. `min` is 0 unless given. */
export interface IntVariable extends VariableBase {
  readonly type: 'int';
  readonly default?: number;
  readonly min?: number;
  readonly max?: number;
}

/** File or folder. A relative one starts at the working directory; read as an absolute path. */
export interface PathVariable extends VariableBase {
  readonly type: 'path';
  readonly default?: string;
}

/** `1` or `true`, `0` or `false`. */
export interface BooleanVariable extends VariableBase {
  readonly type: 'boolean';
  readonly default?: boolean;
}

/** One of the values, in any case; read as it stands in `values`. */
export interface EnumVariable extends VariableBase {
  readonly type: 'enum';
  readonly values: readonly string[];
  readonly default?: string;
}

export type Variable = AddressVariable | StringVariable | IntVariable | PathVariable | BooleanVariable | EnumVariable;

/** The variables that a program reads, by name. */
export type EnvironmentSchema = Readonly<Record<string, Variable>>;

type ValueOf<V extends Variable> = V extends { type: 'int' }
  ? number
  : V extends { type: 'boolean' }
    ? boolean
    : V extends { type: 'enum'; values: readonly (infer T)[] }
      ? T
      : string;

type IsGiven<V extends Variable> = V extends { required: true } ? true : V extends { default: string | number | boolean } ? true : false;

/** Values by variable name. One that is neither required nor has a default may be undefined. */
export type EnvironmentValues<S extends EnvironmentSchema> = {
  readonly [K in keyof S]: IsGiven<S[K]> extends true ? ValueOf<S[K]> : ValueOf<S[K]> | undefined;
};

/** As `process.env`: an empty value counts as not set. */
export type EnvironmentSource = Readonly<Record<string, string | undefined>>;

/** The environment of one program: the one definition that both the program and whoever starts it use. */
export interface Environment<S extends EnvironmentSchema> {
  /** The definition as data: what to set, what is required. */
  readonly variables: S;
  /**
   * Reads and checks everything. Throws one StigmerError, INVALID_ARGUMENT, that lists every variable which is missing, malformed,
   * refused or in disagreement with its alias, each with what it is for and an example.
   */
  read(env: EnvironmentSource): EnvironmentValues<S>;
  /** Of these names, those that the program does not read: setting them has no effect. */
  unread(names: Iterable<string>): string[];
}

/** Defines what a program reads. Values are typed by the definition. */
export function defineEnvironment<const S extends EnvironmentSchema>(variables: S): Environment<S> {
  const known = new Set(Object.entries(variables).flatMap(([name, variable]) => [name, ...(variable.aliases ?? [])]));
  return {
    variables,
    read(env) {
      const problems: Problem[] = [];
      const values = Object.entries(variables).map(([name, variable]) => [name, readVariable(name, variable, env, problems)] as const);
      if (problems.length > 0) throw environmentError(problems);
      return Object.fromEntries(values) as EnvironmentValues<S>;
    },
    unread: (names) => [...names].filter((name) => !known.has(name)),
  };
}

interface Problem {
  readonly name: string;
  readonly rule: string;
}

type Value = string | number | boolean;

function readVariable(name: string, variable: Variable, env: EnvironmentSource, problems: Problem[]): Value | undefined {
  const before = problems.length;
  for (const [refused, advice] of Object.entries(variable.refused ?? {})) {
    if (env[refused]) problems.push({ name: refused, rule: `is set, and is not read: ${advice} (for example ${name}=${variable.example})` });
  }
  const set = [name, ...(variable.aliases ?? [])].flatMap((spelling) => {
    const text = env[spelling];
    return text ? [{ spelling, text, parsed: parse(variable, text) }] : [];
  });
  for (const { spelling, text, parsed } of set) {
    if ('rule' in parsed) {
      const given = variable.secret ? 'its value' : JSON.stringify(text);
      problems.push({ name: spelling, rule: `${given} ${parsed.rule}; ${describe(variable)}` });
    }
  }
  const values = set.flatMap(({ spelling, parsed }) => ('value' in parsed ? [{ spelling, value: parsed.value }] : []));
  const [first] = values;
  const other = values.find(({ value }) => value !== first?.value);
  if (first && other) {
    const differ = variable.secret ? 'have different values' : `disagree (${first.value} and ${other.value})`;
    problems.push({ name: first.spelling, rule: `and ${other.spelling} ${differ}: set one of them, or both to the same value; ${describe(variable)}` });
  }
  if (first || problems.length > before) return first?.value;
  if (variable.required) problems.push({ name, rule: `is not set; ${describe(variable)}` });
  return variable.default;
}

function describe(variable: Variable): string {
  return `it is ${variable.meaning}, for example ${variable.example}`;
}

function environmentError(problems: readonly Problem[]): StigmerError {
  const message = problems.map(({ name, rule }) => `${name} ${rule}`).join('\n');
  const violations = problems.map(({ name, rule }) => ({ field: name, description: rule, rule: '' }));
  return new StigmerError(Code.INVALID_ARGUMENT, message, { details: [{ type: 'BadRequest', violations }] });
}

type Parsed = { readonly value: Value } | { readonly rule: string };

function parse(variable: Variable, text: string): Parsed {
  switch (variable.type) {
    case 'address':
      return parseAddress(text);
    case 'string':
      return { value: text };
    case 'int':
      return parseInteger(text, variable.min ?? 0, variable.max ?? Number.MAX_SAFE_INTEGER);
    case 'path':
      return { value: resolve(text) };
    case 'boolean':
      return parseBoolean(text);
    case 'enum':
      break;
  }
  const value = variable.values.find((candidate) => candidate.toLowerCase() === text.toLowerCase());
  return value === undefined ? { rule: `must be one of ${variable.values.join(', ')}` } : { value };
}

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
const ADDRESS = /^(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?):(\d{1,5})$/i;

function parseAddress(text: string): Parsed {
  if (SCHEME.test(text)) return { rule: 'must be host:port without a scheme' };
  const port = Number(ADDRESS.exec(text)?.[1]);
  return port >= 1 && port <= 65_535 ? { value: text } : { rule: 'must be host:port with a port from 1 to 65535' };
}

function parseInteger(text: string, min: number, max: number): Parsed {
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return { value };
  return { rule: max === Number.MAX_SAFE_INTEGER ? `must be a whole number, at least ${min}` : `must be a whole number from ${min} to ${max}` };
}

function parseBoolean(text: string): Parsed {
  const word = text.toLowerCase();
  if (word === '1' || word === 'true') return { value: true };
  return word === '0' || word === 'false' ? { value: false } : { rule: 'must be 1, true, 0 or false' };
}
