import { Command, CommanderError, Option } from 'commander';
import { type CommandDefinition, type CommandGroup, type CommandInput, type Format, FORMATS, isGroup, type OptionDefinition } from './command.js';
import { didYouMean } from './nearest.js';
import { flagOf, optionValue } from './option-values.js';
import { USAGE, usageError } from './usage-error.js';
import { StigmerError } from '../contract/errors.js';

/** What holds for every command. */
export interface GlobalOptions {
  readonly output?: Format;
  readonly endpoint?: string;
  readonly color: boolean;
  readonly debug: boolean;
}

/** What was typed: a command to run, or a text to show (help, version). */
export type Parsed =
  | { readonly type: 'command'; readonly path: string; readonly command: CommandDefinition; readonly input: CommandInput<never, never>; readonly globals: GlobalOptions; readonly format: Format }
  | { readonly type: 'text'; readonly text: string };

/** Options of every command. */
export const globalOptions = {
  output: { type: 'text', short: 'o', value: 'FORMAT', choices: FORMATS, summary: `how results and errors are written: ${FORMATS.join(', ')}` },
  endpoint: { type: 'text', value: 'HOST:PORT', summary: 'address of the server (default: STIGMER_SERVER_ADDR, then the configuration, then the server started here)' },
  color: { type: 'flag', default: true, summary: 'no colours' },
  debug: { type: 'flag', short: 'd', summary: 'show where an error comes from' },
} as const satisfies Record<string, OptionDefinition>;

/**
 * Reads a command line, without the program's own name, by the tree of commands. Throws StigmerError INVALID_ARGUMENT with reason
 * USAGE for what does not fit. The one place that knows the parser's library.
 */
export function parseCommandLine(root: CommandGroup, argv: readonly string[], options: { readonly version: string; readonly columns?: number }): Parsed {
  let text = '';
  let parsed: Parsed | undefined;
  const program = new Command(root.name)
    .version(options.version, '-V, --version', 'print the version')
    .configureHelp({ showGlobalOptions: true, ...(options.columns === undefined ? {} : { helpWidth: options.columns }) })
    .configureOutput({ writeOut: (part) => (text += part), writeErr: () => undefined })
    .exitOverride();
  program.option('-o, --output <FORMAT>', globalOptions.output.summary);
  program.option('--endpoint <HOST:PORT>', globalOptions.endpoint.summary);
  program.option('--no-color', globalOptions.color.summary);
  program.option('-d, --debug', globalOptions.debug.summary);
  addGroup(program, root, (found) => (parsed = found));
  try {
    program.parse(withDefaults(root, argv), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw usageError(explain(error), pathOf(root, argv));
  }
  return parsed ?? { type: 'text', text };
}

/** The format that was asked for, as far as it can be told from a command line that does not parse. */
export function formatAsked(argv: readonly string[]): Format {
  const at = argv.findIndex((word) => word === '-o' || word === '--output' || word.startsWith('--output=') || /^-o\w/.test(word));
  const word = argv[at] ?? '';
  const value = word === '-o' || word === '--output' ? argv[at + 1] : word.replace(/^(--output=|-o)/, '');
  return FORMATS.find((format) => format === value) ?? 'text';
}

function addGroup(parent: Command, group: CommandGroup, found: (parsed: Parsed) => void): void {
  parent.description(group.summary);
  parent.helpCommand(false);
  const path = nameOf(parent);
  for (const entry of group.commands) {
    const command = parent.command(entry.name, { hidden: !isGroup(entry) && entry.hidden === true });
    if (isGroup(entry)) addGroup(command, entry, found);
    else addCommand(command, entry, found);
  }
  // A word that is no command comes here, with whatever follows it.
  parent.allowUnknownOption().allowExcessArguments();
  parent.action(() => {
    const [word] = parent.args;
    if (word === undefined) parent.outputHelp();
    else if (word === 'help') helpFor(parent, parent.args.slice(1)).outputHelp();
    else throw usageError(`'${word}' is not a command of ${path}${didYouMean(word, group.commands.map(({ name }) => name))}`, path);
  });
}

function helpFor(parent: Command, words: readonly string[]): Command {
  const [word, ...rest] = words;
  const child = parent.commands.find((command) => command.name() === word);
  return child === undefined ? parent : helpFor(child, rest);
}

function addCommand(target: Command, command: CommandDefinition, found: (parsed: Parsed) => void): void {
  const path = nameOf(target);
  target.description([command.summary, ...(command.description === undefined ? [] : ['', command.description])].join('\n')).summary(command.summary);
  for (const [name, { summary, required = true }] of Object.entries(command.args)) {
    const label = name.replaceAll(/[A-Z]/g, (letter) => `-${letter}`).toUpperCase();
    target.argument(required ? `<${label}>` : `[${label}]`, summary);
  }
  if (command.rest !== undefined) target.argument(`[${command.rest.toUpperCase()}...]`);
  for (const [name, option] of Object.entries(command.options)) addOption(target, flagOf(name), option, path);
  if (command.examples.length > 0) target.addHelpText('after', `\nExamples:\n${exampleLines(command)}`);
  target.action(() => {
    const globals = target.optsWithGlobals<Record<string, unknown>>();
    const given = target.opts<Record<string, unknown>>();
    const values = Object.entries(command.options).map(([name, option]) => [name, given[name] ?? (option.type === 'texts' ? [] : undefined)]);
    const input = {
      args: Object.fromEntries(Object.keys(command.args).map((name, index) => [name, target.args[index]])),
      options: Object.fromEntries(values),
      rest: target.args.slice(Object.keys(command.args).length),
    } as unknown as CommandInput<never, never>;
    const format = formatOf(command, globals['output'] as string | undefined, path);
    const endpoint = globals['endpoint'] as string | undefined;
    found({
      type: 'command',
      path,
      command,
      input,
      format,
      globals: { output: format, ...(endpoint === undefined ? {} : { endpoint }), color: globals['color'] !== false, debug: globals['debug'] === true },
    });
  });
}

function formatOf(command: CommandDefinition, asked: string | undefined, path: string): Format {
  const formats = command.formats ?? FORMATS;
  if (asked === undefined) return formats[0] as Format;
  const choices = FORMATS.filter((format) => formats.includes(format));
  return optionValue('--output', { ...globalOptions.output, choices }, asked, path) as Format;
}

function addOption(target: Command, flag: string, option: OptionDefinition, path: string): void {
  const short = option.short === undefined ? '' : `-${option.short}, `;
  if (option.type === 'flag') {
    const on = new Option(`${short}${flag}`, option.summary).hideHelp(option.hidden ?? false);
    if (option.default !== undefined) on.default(option.default, option.default ? 'yes' : 'no');
    target.addOption(on);
    target.addOption(new Option(flag.replace('--', '--no-')).hideHelp());
    return;
  }
  const value = option.type === 'number' ? 'N' : option.type === 'duration' ? 'TIME' : option.value;
  const made = new Option(`${short}${flag} <${value}>`, option.summary).hideHelp(option.hidden ?? false);
  const parse = (raw: string): string | number | boolean => optionValue(flag, option, raw, path);
  if (option.type === 'texts') made.argParser((raw, before: readonly string[] | undefined) => [...(before ?? []), raw]);
  else made.argParser(parse);
  if ('default' in option && option.default !== undefined) made.default(option.default);
  target.addOption(made);
}

function exampleLines(command: CommandDefinition): string {
  return command.examples.map(({ command: line, meaning }) => `  ${line}\n      ${meaning}`).join('\n');
}

/** Full name of a command: `stigmer server start`. */
function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

export interface Place {
  /** Index of the first word that is neither a command on the way nor a global option. */
  readonly index: number;
  readonly entry: CommandDefinition | CommandGroup;
  readonly path: string;
}

/** How far the words lead into the tree. */
export function placeOf(root: CommandGroup, argv: readonly string[]): Place {
  let entry: CommandDefinition | CommandGroup = root;
  let path = root.name;
  let index = 0;
  while (index < argv.length && isGroup(entry)) {
    const word = argv[index] as string;
    if (/^(-o|--output|--endpoint)$/.test(word)) index += 2;
    else if (/^(-o.+|--output=.*|--endpoint=.*|--no-color|-d|--debug)$/.test(word)) index++;
    else {
      const child: CommandDefinition | CommandGroup | undefined = entry.commands.find(({ name }) => name === word);
      if (child === undefined) break;
      entry = child;
      path = `${path} ${word}`;
      index++;
    }
  }
  return { index, entry, path };
}

function pathOf(root: CommandGroup, argv: readonly string[]): string {
  return placeOf(root, argv).path;
}

/** The command line with the verb that a bare noun stands for, and with `--flag=true` and `--flag=false` as the library has them. */
function withDefaults(root: CommandGroup, argv: readonly string[]): string[] {
  const place = placeOf(root, argv);
  const words = [...argv];
  const next = words[place.index];
  const bare = next === undefined || (next.startsWith('-') && next !== '-h' && next !== '--help');
  let { entry } = place;
  if (isGroup(entry) && entry.default !== undefined && bare) {
    const name = entry.default;
    words.splice(place.index, 0, name);
    entry = entry.commands.find((child) => child.name === name) ?? entry;
  }
  if (isGroup(entry)) return words;
  const flags = Object.entries(entry.options).flatMap(([name, option]) => (option.type === 'flag' ? [flagOf(name)] : []));
  const end = words.indexOf('--');
  return words.map((word, index) => {
    const [flag = '', value] = word.split('=', 2);
    if ((end !== -1 && index > end) || !flags.includes(flag) || value === undefined) return word;
    if (value === 'true') return flag;
    if (value === 'false') return flag.replace('--', '--no-');
    throw usageError(`${flag}: '${value}' must be true or false`, place.path);
  });
}

/** The library's words without its decoration. */
function explain(error: CommanderError): string {
  return error.message
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (.*)\?\)$/s, "; did you mean '$1'?")
    .replace(/^too many arguments for '(.*?)'\. Expected (\d+) arguments? but got (\d+).*$/s, "too many words for '$1': it takes $2, and $3 were given");
}

/** Whether an error is about what was typed. */
export function isUsageError(error: unknown): error is StigmerError {
  return error instanceof StigmerError && error.reason === USAGE;
}
