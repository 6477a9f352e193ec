import { describe, expect, it } from 'vitest';
import type { Conversation, Message } from '../conversation.js';
import { checkScript } from '../script.js';
import { createActor } from '../turn.js';
import type { Turn } from '../turn.js';
import { demoScript } from './demo.js';
import { remarks } from './remarks.js';

const fileTools = ['ls', 'read_file', 'write_file', 'edit_file', 'glob', 'grep', 'write_todos'];

function turn(tools: string[], ...messages: Message[]): Turn {
  const conversation: Conversation = { model: 'demo-script', system: '', tools, stream: true, streamUsage: true, messages };
  const played = createActor(checkScript(demoScript), 'demo')(conversation);
  if (!played) throw new Error('no rule holds');
  return played.turn;
}

const user = (text: string): Message => ({ role: 'user', text, images: 0 });
const textOf = ({ pieces }: Turn) => pieces.join('');
const answerTo = (text: string) => textOf(turn([], user(text)));

function afterTool(tool: string, result: string, tools = fileTools): Turn {
  const called: Message = { role: 'assistant', text: '', calls: [{ id: 'c', name: tool }] };
  return turn(tools, user('Review this: if (a = 1) {}'), called, { role: 'tool', tool, callId: 'c', text: result });
}

describe('the code reviewer', () => {
  it('writes its review into a file first, then answers with it', () => {
    const first = turn(fileTools, user('Review this: if (a = 1) {}'));
    expect(first.calls).toMatchObject([{ name: 'write_file', args: { file_path: '/review.md' } }]);
    expect(first.calls[0]?.args['content']).toContain('`if (a = 1)` assigns');
    const second = afterTool('write_file', "Successfully wrote to '/review.md'");
    expect(second.calls).toEqual([]);
    expect(textOf(second)).toContain('`if (a = 1)` assigns');
    expect(textOf(second)).toContain("The tool answered: Successfully wrote to '/review.md'");
  });

  it('looks around where it cannot write', () => {
    expect(turn(['ls'], user('Review this: if (a = 1) {}')).calls).toMatchObject([{ name: 'ls', args: { path: '/' } }]);
    expect(textOf(afterTool('ls', 'a.ts\nb.ts', ['ls']))).toContain('`if (a = 1)` assigns');
  });

  it('answers at once where it has no tools', () => {
    const only = turn([], user('Review this: if (a = 1) {}'));
    expect(only.calls).toEqual([]);
    expect(textOf(only)).toContain('`if (a = 1)` assigns');
  });

  it.each([
    ['while (line = next) go()', '`while (line = next)` assigns'],
    ['if (x === NaN) return;', '`=== NaN` is no test'],
    ['return a == b;', '`==` converts types'],
    ['ok = a.b() != "c";', '`!==` does not'],
    ['var count = 1;', '`const count`'],
    ['x(); // TODO: handle errors', '"TODO: handle errors"'],
    ['try { f() } catch (e) {\n}', 'An empty catch block'],
    ['try { f() } catch { }', 'An empty catch block'],
    ['except:\n    pass;', '`except: pass` swallows'],
    ['console.log(x);', '`console.log` looks like'],
    ['eval(text);', '`eval(…)` runs text'],
    ['e.innerHTML = name;', '`.innerHTML =` takes markup'],
    ['const apiKey = "sk-12345";', 'looks like a secret'],
    ['db.query("SELECT * FROM t WHERE id = " + id);', 'SQL is put together'],
    ['db.query(`select * from t where id = ${id}`);', 'SQL is put together'],
    ['list.forEach(async (x) => save(x));', '`forEach` does not wait'],
    ['function f(x: any) {}', '`: any` turns the type checker off'],
  ])('notices %j', (code, expected) => {
    expect(answerTo(code)).toContain(expected);
  });

  it('notices several things at once, in one list', () => {
    const text = answerTo('var a = b == c; // TODO');
    expect(text.match(/^- /gm)).toHaveLength(3);
  });

  it.each([
    'if (a === 1 && b !== c) { go(); }',
    'if (a == null) return;',
    'if (a <= 1 || b >= 2) {}',
    'const f = (a) => a.token();',
    'try { f(); } catch (e) { report(e); }',
  ])('finds nothing in %j, and says how little that means', (code) => {
    const text = answerTo(code);
    expect(text).toContain('- Nothing. It looks for fourteen patterns');
    expect(text.match(/^- /gm)).toHaveLength(1);
  });

  it('has as many patterns as it says', () => {
    expect(remarks).toHaveLength(14);
  });

  it('does not repeat a secret', () => {
    // Only the first line of a message is quoted.
    expect(answerTo('Review this code:\nconst password = "hunter2";')).not.toContain('hunter2');
  });

  it('needs time linear in the text, whatever the text', () => {
    for (const unit of ['if (', 'catch (', ' ', '"select ', 'a == ', 'token: ', '\n', '(']) {
      expect(answerTo(`code ${unit.repeat(50_000)}`)).toContain('What the script noticed');
    }
  });
});

describe('the plain chat', () => {
  it.each([
    ['Hello!', 'Send me a few lines of code'],
    ['Who are you?', 'I play an agent'],
    ['What is the capital of France?', 'You wrote: "What is the capital of France?"'],
  ])('answers %j', (message, expected) => {
    expect(answerTo(message)).toContain(expected);
    expect(turn(fileTools, user(message)).calls).toEqual([]);
  });
});

describe('every answer', () => {
  const turns = [
    turn(fileTools, user('Review this: x')),
    turn(['ls'], user('Review this: x')),
    afterTool('write_file', 'ok'),
    afterTool('ls', 'ok', ['ls']),
    afterTool('some_tool', 'ok'),
    ...['Review this: x', 'Hi', 'help', 'anything'].map((text) => turn([], user(text))),
  ];

  it('is one of the rules, all of which are tried here', () => {
    expect(turns).toHaveLength(demoScript.rules.length);
    expect(new Set(turns.map(textOf)).size).toBe(turns.length);
  });

  it('says first that it is a script', () => {
    for (const each of turns) expect(textOf(each).split('\n')[0]).toBe('This is a scripted stand-in, not a model.');
  });

  it('says last how to use a model, when it is the end of the turn', () => {
    for (const each of turns.filter(({ calls }) => calls.length === 0)) {
      const last = textOf(each).split('\n').at(-1) ?? '';
      for (const name of ['PROVIDER', 'MODEL', 'API_KEY']) expect(last).toContain(`STIGMER_LLM_${name}`);
      for (const name of ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'OLLAMA_BASE_URL']) expect(last).toContain(name);
    }
  });
});
