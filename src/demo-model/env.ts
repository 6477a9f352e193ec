import { defineEnvironment, type EnvironmentSource, type EnvironmentValues } from '../contract/environment.js';
import { invalidArgument } from '../contract/errors.js';

const hourMs = 3_600_000;

/** What the demo model reads of its environment. */
export const environment = defineEnvironment({
  DEMO_MODEL_PORT: { type: 'int', default: 0, max: 65_535, meaning: 'the TCP port on 127.0.0.1; 0 takes any free one', example: '8089' },
  DEMO_MODEL_SCRIPT: {
    type: 'path',
    meaning: 'the file of the script, YAML or JSON; left out, the demo script is played',
    example: './script.yaml',
  },
  DEMO_MODEL_DELAY_MS: { type: 'int', max: hourMs, meaning: "the milliseconds before an answer, in place of the script's own", example: '400' },
  DEMO_MODEL_TOKEN_MS: { type: 'int', max: hourMs, meaning: "the milliseconds between two tokens, in place of the script's own", example: '25' },
  DEMO_MODEL_SEED: { type: 'string', meaning: 'a part of every id that is given out; left out, a new one for each start', example: 'demo' },
  STIGMER_EXIT_WITH_STDIN: { type: 'boolean', default: false, meaning: 'whether the program ends when its standard input ends', example: '1' },
});

export type Environment = EnvironmentValues<typeof environment.variables>;

/** What `variables` (default: the process's) say. Throws INVALID_ARGUMENT that names each variable that is wrong, and its rule. */
export function readEnvironment(variables: EnvironmentSource = process.env): Environment {
  const values = environment.read(variables);
  if (values.DEMO_MODEL_SEED !== undefined && !/^[A-Za-z0-9_-]{1,40}$/.test(values.DEMO_MODEL_SEED)) {
    throw invalidArgument('DEMO_MODEL_SEED', 'must be 1 to 40 letters, digits, - or _');
  }
  return values;
}
