import { signature } from '../jq/environment.js';
import { parseDefinitions } from '../jq/parser.js';
import type { Definition } from '../jq/syntax.js';
import { control } from './control.js';
import { dates } from './dates.js';
import { lists } from './lists.js';
import { type NativeFunction, type NativeTable, values } from './native.js';
import { numbers } from './numbers.js';
import { PRELUDE } from './prelude.js';
import { regular } from './regular.js';
import { strings } from './strings.js';

export type { NativeFunction } from './native.js';

/** What jq does not have. */
const additions: NativeTable = {
  'uuid/0': values(({ host }) => host.uuid()),
};

const natives: NativeTable = { ...control, ...lists, ...strings, ...regular, ...numbers, ...dates, ...additions };

/** The prelude, read when it is first needed: most expressions do without. */
const prelude = once(() => new Map(parseDefinitions(PRELUDE).map((definition) => [signature(definition.name, definition.parameters.length), definition])));

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** A function of the language by its signature, `split/1`; undefined when there is none. */
export function builtinFunction(name: string): NativeFunction | Definition | undefined {
  return Object.hasOwn(natives, name) ? natives[name] : prelude().get(name);
}

/** Signatures of all functions. */
export function builtinNames(): string[] {
  return [...Object.keys(natives), ...prelude().keys()].filter((name) => !name.startsWith('_'));
}
