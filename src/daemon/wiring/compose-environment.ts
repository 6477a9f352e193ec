import type { Environment, EnvironmentSchema } from '../../contract/environment.js';
import { internal } from '../../contract/errors.js';

type Value = string | number | boolean;

/**
 * Values for the variables that a program reads: each required one must be given, and one that the program does not read cannot be,
 * which the compiler checks. Undefined leaves a variable to the program's own default.
 */
export type Settings<S extends EnvironmentSchema> = {
  readonly [K in keyof S as S[K] extends { required: true } ? K : never]: Value;
} & {
  readonly [K in keyof S as S[K] extends { required: true } ? never : K]?: Value | undefined;
};

/**
 * The environment by which `program` gets these settings. It is read back as the program will read it, so that a value which the
 * program would refuse is refused here.
 *
 * @throws StigmerError INVALID_ARGUMENT naming each variable at fault; INTERNAL for one that the program does not read
 */
export function composeEnvironment<S extends EnvironmentSchema>(
  program: string,
  environment: Environment<S>,
  settings: Settings<S>,
): Record<string, string> {
  const given = Object.entries(settings as Record<string, Value | undefined>);
  const env = Object.fromEntries(given.flatMap(([name, value]) => (value === undefined ? [] : [[name, textOf(value)]])));
  const unread = environment.unread(Object.keys(env));
  if (unread.length > 0) throw internal(`${unread.join(', ')} cannot be set for ${program}: it does not read that`);
  environment.read(env);
  return env;
}

function textOf(value: Value): string {
  return typeof value === 'boolean' ? (value ? '1' : '0') : String(value);
}
