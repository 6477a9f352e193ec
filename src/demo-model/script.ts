import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { Code, StigmerError } from '../contract/errors.js';
import { placeholders, placeholdersIn } from './template.js';

/**
 * What to look for in a text. A string between slashes is a regular expression (`/todo|fixme/i`), any other string is looked for
 * as it stands, upper and lower case apart. Scripts written in TypeScript may give a RegExp.
 */
const pattern = z.union([z.string().min(1), z.instanceof(RegExp)]).transform((value, context): RegExp => {
  const written = typeof value === 'string' ? /^\/(.+)\/([dimsuv]*)$/s.exec(value) : undefined;
  try {
    // g and y would make a pattern remember where it stopped.
    if (value instanceof RegExp) return new RegExp(value.source, value.flags.replace(/[gy]/g, ''));
    if (written) return new RegExp(written[1] ?? '', written[2]);
    return new RegExp(value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  } catch (error) {
    context.addIssue({ code: 'custom', message: `not a regular expression: ${(error as Error).message}` });
    return z.NEVER;
  }
});

/** When a rule holds: every condition given must. An empty one holds always. */
const condition = z.strictObject({
  /** In the newest user message. */
  message: pattern.optional(),
  /** In the system prompt. */
  system: pattern.optional(),
  /** In the name of the model asked for. */
  model: pattern.optional(),
  /** In one of the tool results that the conversation ends with. */
  tool_result: pattern.optional(),
  /** Whether the conversation ends with a tool result, or with one of the tool named. */
  after_tool: z.union([z.boolean(), z.string().min(1)]).optional(),
  /** The client offers the tool of this name. */
  offers: z.string().min(1).optional(),
  /** The model turn that is due since the newest user message, from 1. */
  turn: z.int().min(1).optional(),
  /** How many user messages the conversation holds. */
  user_turn: z.int().min(1).optional(),
});

/**
 * What is said: a text, or parts that are joined as they stand. A part with `when` is said if that holds; one with `otherwise` if
 * no part with `when` was said before it.
 */
const say = z.union([
  z.string(),
  z.array(
    z.union([
      z.string(),
      z.strictObject({ when: condition, say: z.string() }),
      z.strictObject({ otherwise: z.string() }),
    ]),
  ),
]);

const call = z.strictObject({ tool: z.string().min(1), args: z.record(z.string(), z.unknown()).default({}) });

/** After how many frames of the answer something goes wrong; `true` is 0, before anything is sent. */
const afterFrames = z.union([z.literal(true).transform(() => 0), z.int().min(0)]);

const milliseconds = z.number().min(0).max(3_600_000);

const pace = {
  /** Before the first byte of the answer, milliseconds. */
  delay_ms: milliseconds.optional(),
  /** Between two pieces of it, milliseconds. */
  token_ms: milliseconds.optional(),
};

const rule = z
  .strictObject({
    name: z.string().optional(),
    when: condition.default({}),
    /** The rule holds for so many requests, then no longer: "fail twice, then answer". */
    times: z.int().min(1).optional(),
    say: say.optional(),
    /** One tool call, or several in one turn; they come after what is said. */
    call: z.union([call.transform((one) => [one]), z.array(call).min(1)]).optional(),
    /** Counted from the texts when left out. */
    usage: z.strictObject({ input: z.int().min(0), output: z.int().min(0) }).optional(),
    /** `length`: the answer counts as cut short by the limit of tokens. */
    finish: z.enum(['stop', 'length']).optional(),
    /** An HTTP error in the protocol's own form, or with `body` as it stands; with `after`, an error inside the stream. */
    error: z
      .strictObject({
        status: z.int().min(400).max(599),
        message: z.string().default('the script says so'),
        body: z.unknown().optional(),
        retry_after_s: z.int().min(0).optional(),
        after: z.int().min(1).optional(),
      })
      .optional(),
    /** Silence after so many frames, the connection left open. */
    hang: afterFrames.optional(),
    /** The connection is closed after so many frames. */
    cut: afterFrames.optional(),
    /** The frame after so many is not JSON. */
    wrong_json: afterFrames.optional(),
    /** Chunks of 1 to 61 bytes, without regard to frames and characters. */
    odd_chunks: z.boolean().optional(),
    ...pace,
  })
  .superRefine((value, context) => {
    const { say, call, error, hang, cut, wrong_json, when, times } = value;
    if ([say, call, error, hang, cut, wrong_json].every((part) => part === undefined)) {
      context.addIssue({ code: 'custom', message: 'a rule needs one of say, call, error, hang, cut, wrong_json' });
    }
    if (call !== undefined && when.after_tool === undefined && when.turn === undefined && times === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['when'],
        message: 'a rule that calls a tool must give after_tool, turn or times, or it would call again after each result',
      });
    }
  });

const script = z
  .strictObject({
    /** Names that the lists of models show. Any other name is answered all the same. */
    models: z.array(z.string().min(1)).min(1).default(['demo-script']),
    /** Texts that others include as `{{text.NAME}}`; they include none themselves. */
    texts: z.record(z.string(), say).default({}),
    /** The first rule that holds answers. */
    rules: z.array(rule).min(1),
    ...pace,
  })
  .superRefine((value, context) => {
    const known = new Set<string>([...placeholders, ...Object.keys(value.texts).map((name) => `text.${name}`)]);
    const check = (path: (string | number)[], part: unknown, allowed: (name: string) => boolean): void => {
      for (const name of placeholdersIn(part)) {
        if (allowed(name) || /^match(\.\d+)?$/.test(name)) continue;
        context.addIssue({ code: 'custom', path, message: `unknown placeholder {{${name}}}` });
      }
    };
    for (const [name, text] of Object.entries(value.texts)) {
      check(['texts', name], text, (used) => known.has(used) && !used.startsWith('text.'));
    }
    value.rules.forEach((each, index) => check(['rules', index], [each.say, each.call], (used) => known.has(used)));
  });

/** A script as it is written: in TypeScript, YAML or JSON. */
export type ScriptInput = z.input<typeof script>;
/** A checked script. */
export type Script = z.output<typeof script>;
export type Rule = Script['rules'][number];
export type Condition = Rule['when'];
export type Say = z.output<typeof say>;

/** `input` checked. Throws INVALID_ARGUMENT that names each wrong field by its path. `source` is where the script comes from. */
export function checkScript(input: unknown, source = 'script'): Script {
  const checked = script.safeParse(input);
  if (checked.success) return checked.data;
  const violations = checked.error.issues.map(({ path, message }) => ({
    field: path.join('.') || '(top level)',
    description: message,
    rule: '',
  }));
  const lines = violations.map(({ field, description }) => `  ${field}: ${description}`);
  throw new StigmerError(Code.INVALID_ARGUMENT, `${source} is not a valid script of the demo model:\n${lines.join('\n')}`, {
    details: [{ type: 'BadRequest', violations }],
  });
}

/** The script in a YAML or JSON text. Throws INVALID_ARGUMENT like {@link checkScript}, or with line and column of what is no YAML. */
export function parseScript(text: string, source: string): Script {
  let parsed: unknown;
  try {
    parsed = parseYaml(text);
  } catch (error) {
    throw new StigmerError(Code.INVALID_ARGUMENT, `${source} is neither YAML nor JSON: ${(error as Error).message}`, { cause: error });
  }
  return checkScript(parsed, source);
}
