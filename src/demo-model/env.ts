import { z } from 'zod';
import { Code, StigmerError } from '../contract/errors.js';

const wholeNumber = (most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from 0 to ${most}`)
    .transform(Number)
    .pipe(z.number().max(most, `must be a whole number from 0 to ${most}`));

/** The environment that the demo model reads: each variable with its type, its default and its meaning. */
export const environment = z.object({
  DEMO_MODEL_PORT: wholeNumber(65_535).default(0).describe('TCP port on 127.0.0.1; 0 takes any free one'),
  DEMO_MODEL_SCRIPT: z.string().min(1).optional().describe('file of the script, YAML or JSON; left out, the demo script is played'),
  DEMO_MODEL_DELAY_MS: wholeNumber(3_600_000).optional().describe("milliseconds before an answer, in place of the script's own"),
  DEMO_MODEL_TOKEN_MS: wholeNumber(3_600_000).optional().describe("milliseconds between two tokens, in place of the script's own"),
  DEMO_MODEL_SEED: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,40}$/, 'must be 1 to 40 letters, digits, - or _')
    .optional()
    .describe('part of every id that is given out; left out, a new one for each start'),
  DEMO_MODEL_EXIT_WITH_STDIN: z.enum(['0', '1']).default('0').describe('1 ends the program when its standard input ends'),
});

export type Environment = z.output<typeof environment>;

/** What `variables` (default: the process's) say. Throws INVALID_ARGUMENT that names each variable that is wrong, and its rule. */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const read = environment.safeParse(variables);
  if (read.success) return read.data;
  const violations = read.error.issues.map(({ path, message }) => ({ field: path.join('.'), description: message, rule: '' }));
  const message = violations.map(({ field, description }) => `${field}: ${description}`).join('; ');
  throw new StigmerError(Code.INVALID_ARGUMENT, message, { details: [{ type: 'BadRequest', violations }] });
}
