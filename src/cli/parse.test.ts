import { describe, expect, it } from 'vitest';
import { Code, StigmerError } from '../contract/errors.js';
import { type CommandGroup, defineCommand } from './command.js';
import { formatAsked, parseCommandLine } from './parse.js';

const run = defineCommand({
  name: 'run',
  summary: 'run an agent',
  args: { name: { summary: 'its name' } },
  options: {
    message: { type: 'text', short: 'm', value: 'TEXT', summary: 'what to say' },
    runtimeEnv: { type: 'texts', value: 'KEY=VALUE', summary: 'a variable' },
    follow: { type: 'flag', default: true, summary: 'stream' },
    wide: { type: 'flag', summary: 'all columns' },
    kind: { type: 'text', value: 'KIND', choices: ['agent', 'workflow'], summary: 'which' },
    tail: { type: 'number', min: 0, max: 100, default: 50, summary: 'lines' },
    since: { type: 'duration', summary: 'how far back' },
  },
  examples: [{ command: 'stigmer run reviewer', meaning: 'runs it' }],
  run: async () => undefined,
});
const verb = (name: string) => defineCommand({ name, summary: `${name} it`, args: {}, options: { demoModel: { type: 'flag', summary: 'demo' } }, formats: ['text', 'json'], examples: [], run: async () => undefined });
const tree: CommandGroup = {
  name: 'stigmer',
  summary: 'runs agents',
  commands: [run, { name: 'server', summary: 'the server', default: 'start', commands: [verb('start'), verb('status')] }],
};

const parse = (line: string) => parseCommandLine(tree, line === '' ? [] : line.split(' '), { version: '1.2.3', columns: 80 });

function options(line: string): Record<string, unknown> {
  const parsed = parse(line);
  if (parsed.type !== 'command') throw new Error(parsed.text);
  return parsed.input.options;
}

function refusal(line: string): StigmerError {
  try {
    parse(line);
  } catch (error) {
    if (error instanceof StigmerError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe('reading the command line', () => {
  it('finds the command, its arguments and options, and fills in defaults', () => {
    const parsed = parse('run reviewer -m hello --runtime-env A=1 --runtime-env B=2 --since 10m --wide --tail 0');
    expect(parsed).toMatchObject({
      type: 'command',
      path: 'stigmer run',
      command: run,
      format: 'text',
      input: { args: { name: 'reviewer' }, options: { message: 'hello', runtimeEnv: ['A=1', 'B=2'], follow: true, wide: true, tail: 0, since: 600_000 } },
    });
    expect(options('run reviewer')).toMatchObject({ runtimeEnv: [], follow: true, wide: undefined, tail: 50, message: undefined });
  });

  it.each([
    ['--no-follow', { follow: false }],
    ['--follow=false', { follow: false }],
    ['--follow=true', { follow: true }],
    ['--no-wide', { wide: false }],
  ])('takes %s', (flag, expected) => {
    expect(options(`run x ${flag}`)).toMatchObject(expected);
    expect(refusal(`run x ${flag.replace(/=.*|$/, '=maybe').replace('no-', '')}`).message).toContain("'maybe' must be true or false");
  });

  it('takes global options before and after the command', () => {
    for (const line of ['-o json --endpoint h:1 run x', 'run x -o json --endpoint h:1', '--output=json run --endpoint=h:1 x']) {
      expect(parse(line)).toMatchObject({ format: 'json', globals: { endpoint: 'h:1', color: true, debug: false } });
    }
    expect(parse('run x --no-color -d')).toMatchObject({ globals: { color: false, debug: true } });
  });

  it('takes a bare noun, also with options, for its default verb', () => {
    for (const line of ['server', 'server start', '-o json server', 'server --endpoint h:1']) expect(parse(line)).toMatchObject({ path: 'stigmer server start' });
    expect(options('server --demo-model')).toEqual({ demoModel: true });
  });

  it('refuses a word that is no command, naming the nearest one', () => {
    expect(refusal('server statsu --demo-model')).toMatchObject({ code: Code.INVALID_ARGUMENT, reason: 'USAGE', message: "'statsu' is not a command of stigmer server; did you mean 'status'?" });
    expect(refusal('rum x').message).toBe("'rum' is not a command of stigmer; did you mean 'run'?");
    expect(refusal('deploy').message).toBe("'deploy' is not a command of stigmer");
  });

  it.each([
    ['run', "missing required argument 'NAME'"],
    ['run a b', "too many words for 'run': it takes 1, and 2 were given"],
    ['run x --mesage hi', "unknown option '--mesage'; did you mean '--message'?"],
    ['run x --message', "option '-m, --message <TEXT>' argument missing"],
    ['run x --kind agnet', "--kind: 'agnet' must be one of agent, workflow; did you mean 'agent'?"],
    ['run x --tail 101', "--tail: '101' must be a whole number from 0 to 100"],
    ['run x --since soon', "--since: 'soon' must be a time span such as 30s, 10m, 2h or 1d"],
    ['run x -o xml', "--output: 'xml' must be one of text, json, ndjson, yaml"],
    ['server status -o yaml', "--output: 'yaml' must be one of text, json"],
  ])('refuses %j', (line, message) => {
    expect(refusal(line).message).toBe(message);
  });

  it('names the command whose help tells more', () => {
    const details = (line: string) => refusal(line).details[0];
    expect(details('run x --nope')).toMatchObject({ metadata: { command: 'stigmer run' } });
    expect(details('server nope')).toMatchObject({ metadata: { command: 'stigmer server' } });
  });

  it('shows help and version as texts', () => {
    expect(parse('--version')).toEqual({ type: 'text', text: '1.2.3\n' });
    for (const line of ['', '--help', 'help']) expect(parse(line)).toMatchObject({ type: 'text', text: expect.stringContaining('Commands:') });
    for (const line of ['run --help', 'help run']) {
      expect(parse(line)).toMatchObject({ type: 'text', text: expect.stringMatching(/Usage: stigmer run .*Examples:\n {2}stigmer run reviewer\n {6}runs it/s) });
    }
    expect(parse('server --help')).toMatchObject({ type: 'text', text: expect.stringContaining('status') });
  });

  it('knows which format was asked for when nothing else can be read', () => {
    expect(['-o json', '--output=ndjson', '--output json', '-ojson', '-o xml', 'run'].map((line) => formatAsked(line.split(' ')))).toEqual(['json', 'ndjson', 'json', 'json', 'text', 'text']);
  });
});
