import type { RpcClient } from '../../client/rpc-client.js';
import type { Argument, CommandDefinition, CommandGroup, Completion, OptionDefinition } from '../command.js';
import { isGroup } from '../command.js';
import { flagOf } from '../option-values.js';
import { globalOptions, placeOf } from '../parse.js';

/** What may stand at the end of a command line, and what it means. */
export interface Candidate {
  readonly word: string;
  readonly meaning: string;
}

/** Gives the words that a server or the contract knows. */
export type Lookup = (completion: Completion, before: readonly string[]) => Promise<readonly Candidate[]>;

/** The words that may follow `words`, of which the last, perhaps empty, is being typed. */
export async function candidatesFor(root: CommandGroup, words: readonly string[], lookup: Lookup): Promise<readonly Candidate[]> {
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const { entry, index } = placeOf(root, before);
  const all = isGroup(entry) ? inGroup(entry, typed) : await inCommand(entry, before.slice(index), typed, lookup);
  return all.filter(({ word }) => word.startsWith(typed));
}

function inGroup(group: CommandGroup, typed: string): Candidate[] {
  if (typed.startsWith('-')) return optionWords({});
  return group.commands.filter((entry) => isGroup(entry) || entry.hidden !== true).map(({ name, summary }) => ({ word: name, meaning: summary }));
}

async function inCommand(command: CommandDefinition, before: readonly string[], typed: string, lookup: Lookup): Promise<readonly Candidate[]> {
  const options: Readonly<Record<string, OptionDefinition>> = { ...globalOptions, ...command.options };
  const valueOf = optionBefore(options, before.at(-1));
  if (valueOf !== undefined) return 'choices' in valueOf ? (valueOf.choices ?? []).map((word) => ({ word, meaning: '' })) : [];
  if (typed.startsWith('-')) return optionWords(command.options);
  const given = positionals(options, before);
  const argument: Argument | undefined = Object.values(command.args)[given.length];
  return argument?.completes === undefined ? [] : lookup(argument.completes, given);
}

function optionWords(own: Readonly<Record<string, OptionDefinition>>): Candidate[] {
  return Object.entries<OptionDefinition>({ ...own, ...globalOptions })
    .filter(([, { hidden }]) => hidden !== true)
    .map(([name, option]) => ({ word: option.type === 'flag' && option.default === true ? flagOf(name).replace('--', '--no-') : flagOf(name), meaning: option.summary }));
}

/** The option whose value comes next. */
function optionBefore(options: Readonly<Record<string, OptionDefinition>>, word: string | undefined): OptionDefinition | undefined {
  if (word === undefined || !word.startsWith('-') || word.includes('=')) return undefined;
  const found = Object.entries(options).find(([name, { short }]) => word === flagOf(name) || word === `-${short}`)?.[1];
  return found?.type === 'flag' ? undefined : found;
}

function positionals(options: Readonly<Record<string, OptionDefinition>>, before: readonly string[]): string[] {
  return before.filter((word, index) => !word.startsWith('-') && optionBefore(options, before[index - 1]) === undefined);
}

/** Asks the server for names and ids. */
export function serverLookup(client: () => Promise<RpcClient>): Lookup {
  return async (completion, before) => {
    if (completion === 'shell') return ['bash', 'zsh', 'fish'].map((word) => ({ word, meaning: '' }));
    const { lookUp } = await import('./look-up.js');
    return lookUp(client, completion, before);
  };
}
