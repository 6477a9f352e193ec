import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkScript, parseScript } from './script.js';
import type { ScriptInput } from './script.js';
import type { Conversation, Message } from './conversation.js';
import { createActor } from './turn.js';

const user = (text: string, images = 0): Message => ({ role: 'user', text, images });
const asked = (...names: string[]): Message => ({
  role: 'assistant',
  text: '',
  calls: names.map((name) => ({ id: name, name })),
});
const result = (tool: string, text = ''): Message => ({ role: 'tool', tool, callId: tool, text });

const conversation = (messages: Message[], more: Partial<Conversation> = {}): Conversation => ({
  model: 'm',
  system: '',
  tools: [],
  stream: false,
  streamUsage: false,
  messages,
  ...more,
});

function play(script: ScriptInput, ...messages: Message[]): string | undefined {
  return createActor(checkScript(script), 's')(conversation(messages))?.turn.pieces.join('');
}

describe('a script', () => {
  it('in the README is valid', () => {
    const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
    const example = /```yaml\n([^]*?)```/.exec(readme)?.[1] ?? '';
    expect(parseScript(example, 'README.md').rules).toHaveLength(4);
  });

  it('is read from YAML and from JSON', () => {
    const yaml = parseScript('token_ms: 5\nrules:\n  - when: {message: /hel+o/i}\n    say: Hi!\n', 'a.yaml');
    expect(yaml).toEqual(parseScript('{"token_ms": 5, "rules": [{"when": {"message": "/hel+o/i"}, "say": "Hi!"}]}', 'a.json'));
    expect(yaml.rules[0]?.when.message).toEqual(/hel+o/i);
  });

  it.each<[string, unknown, RegExp]>([
    ['no rules', { rules: [] }, /rules: /],
    ['an unknown field', { rules: [{ says: 'x' }] }, /"says"/],
    ['a rule that does nothing', { rules: [{ when: {} }] }, /rules\.0: a rule needs one of say, call/],
    ['a broken pattern', { rules: [{ when: { message: '/(/' }, say: 'x' }] }, /rules\.0\.when\.message: .*not a regular/],
    ['an unknown placeholder', { rules: [{ say: 'x {{mesage}}' }] }, /rules\.0: unknown placeholder {{mesage}}/],
    ['a text within a text', { texts: { a: '{{text.a}}' }, rules: [{ say: 'x' }] }, /texts\.a: unknown placeholder/],
    ['a call without an end', { rules: [{ call: { tool: 't' } }] }, /rules\.0\.when: .*after_tool, turn or times/],
    ['a status that is no error', { rules: [{ error: { status: 200 } }] }, /rules\.0\.error\.status/],
  ])('with %s is refused, naming the place', (_what, script, message) => {
    expect(() => checkScript(script, 'my.yaml')).toThrow(message);
    expect(() => checkScript(script, 'my.yaml')).toThrow(/^my\.yaml is not a valid script/);
  });
});

it('a text that is no YAML is refused, with its line', () => {
  expect(() => parseScript('rules:\n  - say: "open', 'my.yaml')).toThrow(/^my\.yaml is neither YAML nor JSON: .* line 2/);
});

describe('a rule', () => {
  it('is the first that holds', () => {
    const script = { rules: [{ when: { message: 'b' }, say: 'B' }, { say: 'other' }, { when: { message: 'a' }, say: 'A' }] };
    expect(play(script, user('abc'))).toBe('B');
    expect(play(script, user('a'))).toBe('other');
  });

  it('takes a string as it stands, and a string between slashes as a regular expression', () => {
    const script = { rules: [{ when: { message: 'a.b(' }, say: 'text' }, { when: { message: '/^A\\.c/i' }, say: 'regex' }] };
    expect(play(script, user('xa.b(c)'))).toBe('text');
    expect(play(script, user('a.c'))).toBe('regex');
    expect(play(script, user('axb('))).toBeUndefined();
  });

  it('looks at the newest user message only', () => {
    const script = { rules: [{ when: { message: 'old' }, say: 'old' }, { say: 'new' }] };
    expect(play(script, user('old'), asked(), user('now'))).toBe('new');
  });

  it('can ask for system prompt, model and offered tool, all of them at once', () => {
    const actor = createActor(
      checkScript({ rules: [{ when: { system: 'review', model: /^big/, offers: 'ls' }, say: 'yes' }, { say: 'no' }] }),
      's',
    );
    const say = (more: Partial<Conversation>) => actor(conversation([user('x')], more))?.turn.pieces.join('');
    expect(say({ system: 'you review', model: 'big-1', tools: ['cat', 'ls'] })).toBe('yes');
    expect(say({ system: 'you chat', model: 'big-1', tools: ['ls'] })).toBe('no');
    expect(say({ system: 'you review', model: 'not-big', tools: ['ls'] })).toBe('no');
    expect(say({ system: 'you review', model: 'big-1', tools: ['lsof'] })).toBe('no');
  });

  it('knows a turn after a tool result, of any tool, of one, by its text', () => {
    const script: ScriptInput = {
      rules: [
        { when: { tool_result: /^fail: (\w+)/ }, say: '{{tool}} failed for {{match.1}}' },
        { when: { after_tool: 'read' }, say: 'read it: {{tool_result}}' },
        { when: { after_tool: true }, say: 'some tool' },
        { when: { after_tool: false }, say: 'no tool' },
      ],
    };
    expect(play(script, user('x'))).toBe('no tool');
    expect(play(script, user('x'), asked('read'), result('read', 'ok'))).toBe('read it: ok');
    expect(play(script, user('x'), asked('ls', 'read'), result('ls', 'a'), result('read', 'b'))).toBe('read it: a\nb');
    expect(play(script, user('x'), asked('ls'), result('ls', 'fail: you'))).toBe('ls failed for you');
    expect(play(script, user('x'), asked('ls'), result('ls'))).toBe('some tool');
    expect(play(script, user('x'), asked('read'), result('read'), asked(), user('y'))).toBe('no tool');
  });

  it('can ask for the turn and for the user turn', () => {
    const script: ScriptInput = {
      rules: [
        { when: { user_turn: 2, turn: 1 }, say: 'second question' },
        { when: { turn: 2 }, say: 'turn {{turn}} of question {{user_turn}}' },
        { say: 'first question' },
      ],
    };
    expect(play(script, user('a'))).toBe('first question');
    expect(play(script, user('a'), asked('t'), result('t'))).toBe('turn 2 of question 1');
    expect(play(script, user('a'), asked(), user('b'))).toBe('second question');
    expect(play(script, user('a'), asked(), user('b'), asked('t'), result('t'))).toBe('turn 2 of question 2');
  });

  it('holds for so many times', () => {
    const actor = createActor(checkScript({ rules: [{ say: 'first', times: 2 }, { say: 'then' }] }), 's');
    const said = [1, 2, 3, 4].map(() => actor(conversation([user('x')]))?.turn.pieces.join(''));
    expect(said).toEqual(['first', 'first', 'then', 'then']);
  });
});

describe('a turn', () => {
  it('says parts by condition, the last word when none held', () => {
    const script: ScriptInput = {
      texts: {
        findings: [
          'Found: ',
          { when: { message: /\bvar (\w+)/ }, say: 'var of {{match.1}}. ' },
          { when: { message: 'TODO' }, say: 'todo. ' },
          { otherwise: 'nothing. ' },
        ],
      },
      rules: [{ say: '{{text.findings}}{{images}} images.' }],
    };
    expect(play(script, user('var a; // TODO', 2))).toBe('Found: var of a. todo. 2 images.');
    expect(play(script, user('x'))).toBe('Found: nothing. 0 images.');
  });

  it('does not take placeholders from what the user wrote', () => {
    expect(play({ rules: [{ say: '{{message}}' }] }, user('{{system}} $& {{message}}'))).toBe('{{system}} $& {{message}}');
  });

  it('shortens a line to 120 characters', () => {
    const script = { rules: [{ say: '{{message.line}}' }] };
    expect(play(script, user(`\n\n${'🦉'.repeat(200)}\nmore`))).toBe(`${'🦉'.repeat(120)}…`);
    expect(play(script, user('one\ntwo'))).toBe('one');
  });

  it('fills in the arguments of its calls, however deep', () => {
    const call = { tool: 'write', args: { files: [{ path: '/{{model}}', lines: 3 }], text: '{{message}}' } };
    const actor = createActor(checkScript({ rules: [{ when: { turn: 1 }, call }] }), 's');
    const [made] = actor(conversation([user('hi "there"')]))?.turn.calls ?? [];
    expect(made?.args).toEqual({ files: [{ path: '/m', lines: 3 }], text: 'hi "there"' });
    expect(JSON.parse(made?.argPieces.join('') ?? '')).toEqual(made?.args);
  });

  it('gives ids by its seed and in order, never one twice', () => {
    const script = checkScript({ rules: [{ say: 'x', when: { turn: 1 }, call: [{ tool: 'a' }, { tool: 'b' }] }] });
    const ids = (seed: string) => {
      const actor = createActor(script, seed);
      return [1, 2].flatMap(() => {
        const turn = actor(conversation([user('x')]))?.turn;
        return [turn?.id, ...(turn?.calls ?? []).map(({ id }) => id)];
      });
    };
    expect(ids('a')).toEqual(['a-1', 'call_a_1', 'call_a_2', 'a-2', 'call_a_3', 'call_a_4']);
    expect(ids('b')).not.toEqual(ids('a'));
  });
});
