import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CommandDefinition, type CommandGroup, FORMATS, isGroup, type OptionDefinition } from '../src/cli/command.js';
import { commands } from '../src/cli/commands/index.js';
import { ExitCode } from '../src/cli/exit-codes.js';
import { flagOf } from '../src/cli/option-values.js';
import { globalOptions } from '../src/cli/parse.js';

const file = join(resolve(import.meta.dirname, '..'), 'docs', 'cli', 'reference.md');

/** The reference of the command line, from the same data as its parser and its help. */
function reference(): string {
  const exits: Readonly<Record<keyof typeof ExitCode, string>> = {
    DONE: 'done',
    FAILED: 'the execution failed or was cancelled, or something else went wrong',
    USAGE: 'what was typed, or the manifest, is wrong',
    NOT_FOUND: 'there is no such thing',
    UNREACHABLE: 'no answer from the server, or none runs here',
    HANGUP: 'SIGHUP',
    INTERRUPTED: 'interrupted, detached, or a question answered with no',
    CLOSED_PIPE: 'whoever read the output has left',
    TERMINATED: 'SIGTERM',
  };
  return [
    '# Commands of stigmer',
    'Generated from the definitions in `src/cli/commands`: `npx vitest run test/cli-reference.test.ts -u`.',
    '## Options of every command',
    optionList(globalOptions),
    '## Exit codes',
    Object.entries(exits)
      .map(([name, meaning]) => `- \`${ExitCode[name as keyof typeof ExitCode]}\`: ${meaning}`)
      .join('\n'),
    ...sections(commands, ''),
    '',
  ].join('\n\n').trimEnd() + '\n';
}

function sections(group: CommandGroup, path: string): string[] {
  const own = `${path}${group.name}`;
  return group.commands.flatMap((entry) => {
    if (isGroup(entry)) return [`## \`${own} ${entry.name}\``, capital(entry.summary), ...(entry.default === undefined ? [] : [`Alone it is \`${own} ${entry.name} ${entry.default}\`.`]), ...sections(entry, `${own} `)];
    return entry.hidden === true ? [] : section(entry, own, path === '' ? '##' : '###');
  });
}

function section(command: CommandDefinition, group: string, heading: string): string[] {
  const words = Object.entries(command.args).map(([name, { required = true }]) => (required ? `<${name.toUpperCase()}>` : `[${name.toUpperCase()}]`));
  const args = Object.entries(command.args).map(([name, { summary }]) => `- \`${name.toUpperCase()}\`: ${summary}`);
  const formats = command.formats ?? FORMATS;
  return [
    `${heading} \`${[group, command.name, ...words].join(' ')}\``,
    capital(command.summary),
    ...(command.description === undefined ? [] : [command.description]),
    ...(args.length === 0 ? [] : [args.join('\n')]),
    ...(Object.keys(command.options).length === 0 ? [] : [optionList(command.options)]),
    ...(formats.length > 1 ? [`Formats: ${formats.join(', ')}.`] : []),
    ['```sh', ...command.examples.flatMap(({ command: line, meaning }) => [`# ${meaning}`, line]), '```'].join('\n'),
  ];
}

function optionList(options: Readonly<Record<string, OptionDefinition>>): string {
  return Object.entries(options)
    .filter(([, { hidden }]) => hidden !== true)
    .map(([name, option]) => {
      const value = option.type === 'flag' ? '' : ` <${option.type === 'number' ? 'N' : option.type === 'duration' ? 'TIME' : option.value}>`;
      const flag = option.type === 'flag' && option.default === true ? flagOf(name).replace('--', '--no-') : flagOf(name);
      const standard = 'default' in option && option.default !== undefined && option.type !== 'flag' ? ` Default: ${option.default}.` : '';
      const choices = 'choices' in option && option.choices !== undefined && !option.choices.every((choice) => option.summary.includes(choice)) ? ` One of ${option.choices.join(', ')}.` : '';
      return `- \`${option.short === undefined ? '' : `-${option.short}, `}${flag}${value}\`: ${option.summary}.${choices}${standard}`;
    })
    .join('\n');
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

describe('the reference of the command line', () => {
  it('is the one in docs/cli', async () => {
    await expect(reference()).toMatchFileSnapshot(file);
  });
});
