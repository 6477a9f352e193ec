import type { CliContext } from './context.js';

/** How results are written: for a person, as one JSON value, as one JSON value a line, as YAML. */
export const FORMATS = ['text', 'json', 'ndjson', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** What a word may be, for completion: names and ids are asked of the server. */
export type Completion = 'kind' | 'resource' | 'runnable' | 'agent' | 'execution' | 'shell';

/** A word of the command line that is no option. */
export interface Argument {
  readonly summary: string;
  readonly completes?: Completion;
  /** Default true. */
  readonly required?: boolean;
}

interface OptionBase {
  readonly summary: string;
  /** One letter. */
  readonly short?: string;
  /** Taken for the sake of existing scripts, and not shown. */
  readonly hidden?: boolean;
}

/** `--name`, `--no-name`, `--name=true`, `--name=false`. Without a default, not giving it is a third answer. */
export interface FlagOption extends OptionBase {
  readonly type: 'flag';
  readonly default?: boolean;
}

/** `--name TEXT` */
export interface TextOption extends OptionBase {
  readonly type: 'text';
  /** Stands for the value in the help: `FILE`. */
  readonly value: string;
  readonly choices?: readonly string[];
  readonly default?: string;
}

/** `--name TEXT`, any number of times. */
export interface TextsOption extends OptionBase {
  readonly type: 'texts';
  readonly value: string;
}

/** `--name NUMBER`: a whole number from `min` to `max`. */
export interface NumberOption extends OptionBase {
  readonly type: 'number';
  readonly min: number;
  readonly max: number;
  readonly default?: number;
}

/** `--name 10m`, in milliseconds. */
export interface DurationOption extends OptionBase {
  readonly type: 'duration';
}

export type OptionDefinition = FlagOption | TextOption | TextsOption | NumberOption | DurationOption;

type Arguments = Readonly<Record<string, Argument>>;
type Options = Readonly<Record<string, OptionDefinition>>;

type ArgumentValues<A extends Arguments> = { readonly [K in keyof A]: A[K] extends { required: false } ? string | undefined : string };

type ValueOf<O extends OptionDefinition> = O extends { type: 'flag' }
  ? boolean
  : O extends { type: 'number' | 'duration' }
    ? number
    : O extends { type: 'texts' }
      ? readonly string[]
      : O extends { choices: readonly (infer T)[] }
        ? T
        : string;
type IsGiven<O extends OptionDefinition> = O extends { type: 'texts' } ? true : O extends { default: string | number | boolean } ? true : false;
type OptionValues<O extends Options> = { readonly [K in keyof O]: IsGiven<O[K]> extends true ? ValueOf<O[K]> : ValueOf<O[K]> | undefined };

/** What was typed, parsed and checked by the command's definition. */
export interface CommandInput<A extends Arguments, O extends Options> {
  readonly args: ArgumentValues<A>;
  readonly options: OptionValues<O>;
  /** Words after the arguments, for a command that takes them. */
  readonly rest: readonly string[];
}

export interface Example {
  readonly command: string;
  readonly meaning: string;
}

/** A command as data: what it is called, what it takes, what it does. */
export interface CommandDefinition<A extends Arguments = Arguments, O extends Options = Options> {
  /** Last word of its path: `start` in `stigmer server start`. */
  readonly name: string;
  readonly summary: string;
  /** Further paragraphs for its help. */
  readonly description?: string;
  readonly args: A;
  /** It takes any number of further words, called so. */
  readonly rest?: string;
  /** By camelCase name; on the command line they have hyphens. */
  readonly options: O;
  readonly examples: readonly Example[];
  /** Not shown in the help. */
  readonly hidden?: boolean;
  /** Formats that it can write. Default: all. The first is what it writes unless asked. */
  readonly formats?: readonly Format[];
  /**
   * Does it. What is slow to load (gRPC, messages, YAML) is imported in here, so that `--help` need not wait for it. Gives the exit
   * code, 0 when it gives nothing; throws StigmerError.
   */
  run(ctx: CliContext, input: CommandInput<A, O>): Promise<number | void>;
}

/** A noun with its verbs, or the program itself. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  /** Verb that is meant when none is given. */
  readonly default?: string;
  readonly commands: readonly (CommandDefinition | CommandGroup)[];
}

/** Types a command's input by its definition. */
export function defineCommand<const A extends Arguments, const O extends Options>(definition: CommandDefinition<A, O>): CommandDefinition {
  return definition;
}

export function isGroup(entry: CommandDefinition | CommandGroup): entry is CommandGroup {
  return 'commands' in entry;
}
