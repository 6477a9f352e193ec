import { dueTurn, lastUserMessage, newToolResults, userTurns } from './conversation.js';
import type { Conversation } from './conversation.js';
import { match } from './match.js';
import type { Match } from './match.js';
import { argumentPieces, textPieces } from './pace.js';
import type { Rule, Say, Script } from './script.js';
import { firstLine, render, renderDeep } from './template.js';
import type { Lookup } from './template.js';

/** What the model says in one turn, whichever protocol carries it. */
export interface Turn {
  /** Unique within the server, the same for the same seed and order of requests. */
  id: string;
  /** The text in pieces; joined, they give it whole. */
  pieces: string[];
  calls: TurnCall[];
  usage: { input: number; output: number };
  finish: 'stop' | 'length';
}

export interface TurnCall {
  id: string;
  name: string;
  args: Record<string, unknown>;
  /** The JSON of `args` in pieces. */
  argPieces: string[];
}

/** How a turn is delivered: pace in milliseconds, and the misbehaviours of the script's rule. */
export interface Manner extends Pick<Rule, 'error' | 'hang' | 'cut' | 'wrong_json' | 'odd_chunks'> {
  delayMs: number;
  tokenMs: number;
}

/** Plays a script: each call is the next model turn, undefined when no rule holds. Counts `times` and ids over its life. */
export type Actor = (conversation: Conversation) => { turn: Turn; manner: Manner } | undefined;

/** An actor for `script`; `seed` goes into every id, so that two servers do not give the same ones. */
export function createActor(script: Script, seed: string): Actor {
  const used = new Map<Rule, number>();
  let turns = 0;
  let calls = 0;

  return (conversation) => {
    for (const rule of script.rules) {
      const found = match(rule.when, conversation);
      if (!found) continue;
      const count = used.get(rule) ?? 0;
      if (rule.times !== undefined && count >= rule.times) continue;
      used.set(rule, count + 1);

      const lookup = lookupFor(script, conversation, found);
      const pieces = textPieces(speak(rule.say ?? '', conversation, found, lookup));
      const turnCalls = (rule.call ?? []).map(({ tool, args }): TurnCall => {
        const rendered = renderDeep(args, lookup) as Record<string, unknown>;
        calls += 1;
        const argPieces = argumentPieces(JSON.stringify(rendered));
        return { id: `call_${seed}_${calls}`, name: tool, args: rendered, argPieces };
      });
      turns += 1;
      const output = pieces.length + turnCalls.reduce((sum, call) => sum + call.argPieces.length, 0);
      const usage = rule.usage ?? { input: inputTokens(conversation), output };
      const turn = { id: `${seed}-${turns}`, pieces, calls: turnCalls, usage, finish: rule.finish ?? 'stop' };
      const { error, hang, cut, wrong_json, odd_chunks } = rule;
      const delayMs = rule.delay_ms ?? script.delay_ms ?? 0;
      const tokenMs = rule.token_ms ?? script.token_ms ?? 0;
      return { turn, manner: { error, hang, cut, wrong_json, odd_chunks, delayMs, tokenMs } };
    }
    return undefined;
  };
}

function speak(say: Say, conversation: Conversation, found: Match, lookup: Lookup): string {
  if (typeof say === 'string') return render(say, lookup);
  let said = false;
  return say
    .map((part) => {
      if (typeof part === 'string') return render(part, lookup);
      if ('otherwise' in part) return said ? '' : render(part.otherwise, lookup);
      const own = match(part.when, conversation);
      if (!own) return '';
      said = true;
      const groups = own.groups.length > 0 ? own.groups : found.groups;
      return render(part.say, (name) => matched(name, groups) ?? lookup(name));
    })
    .join('');
}

function lookupFor(script: Script, conversation: Conversation, found: Match): Lookup {
  const user = lastUserMessage(conversation);
  const results = newToolResults(conversation);
  const toolResult = results.map((result) => result.text).join('\n');
  const values: Record<string, string> = {
    message: user.text,
    'message.line': firstLine(user.text),
    system: conversation.system,
    model: conversation.model,
    tool: results.map((result) => result.tool).join(', '),
    tool_result: toolResult,
    'tool_result.line': firstLine(toolResult),
    turn: String(dueTurn(conversation)),
    user_turn: String(userTurns(conversation)),
    images: String(user.images),
  };
  const lookup: Lookup = (name) => {
    const text = name.startsWith('text.') ? script.texts[name.slice('text.'.length)] : undefined;
    if (text !== undefined) return speak(text, conversation, found, lookup);
    return matched(name, found.groups) ?? values[name] ?? '';
  };
  return lookup;
}

function matched(name: string, groups: string[]): string | undefined {
  const [base, group] = name.split('.');
  return base === 'match' ? (groups[Number(group ?? 0)] ?? '') : undefined;
}

function inputTokens(conversation: Conversation): number {
  return [conversation.system, ...conversation.messages.map((message) => message.text)]
    .map((text) => textPieces(text).length)
    .reduce((sum, count) => sum + count, 0);
}
