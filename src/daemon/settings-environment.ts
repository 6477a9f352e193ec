import type { EnvironmentSource, Variable } from '../contract/environment.js';
import { type SupervisorSettings, supervisorEnvironment } from './env.js';

/** `env` with the flags of a command over it. A variable that a flag sets counts by no other name then. */
export function settingsEnvironment(
  env: EnvironmentSource,
  flags: Readonly<Partial<Record<keyof SupervisorSettings, string | undefined>>>,
): Record<string, string | undefined> {
  const merged: Record<string, string | undefined> = { ...env };
  const variables: Readonly<Record<string, Variable>> = supervisorEnvironment.variables;
  for (const [name, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    for (const alias of variables[name]?.aliases ?? []) delete merged[alias];
    merged[name] = value;
  }
  return merged;
}
