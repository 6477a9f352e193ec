import type { Environment, EnvironmentSchema } from '../../contract/environment.js';

/**
 * Which addresses a program was given, by which variables, and which variables it was given that it does not read: what someone needs
 * to know who wonders why it does not reach the others. Values of other variables are not told.
 *
 * @returns undefined for a program that needs no address
 */
export function explainAddresses(
  name: string,
  environment: Environment<EnvironmentSchema>,
  env: Readonly<Record<string, string>>,
): string | undefined {
  const addresses = Object.entries(environment.variables).flatMap(([variable, { type, required }]) => {
    if (type !== 'address' || (required !== true && env[variable] === undefined)) return [];
    return [env[variable] === undefined ? `no ${variable}` : `${variable}=${env[variable]}`];
  });
  if (addresses.length === 0) return undefined;
  // A name that is refused is a misspelt address; of any other one the value may be a secret.
  const misspelt = new Set(Object.values(environment.variables).flatMap(({ type, refused }) => (type === 'address' ? Object.keys(refused ?? {}) : [])));
  const unread = environment.unread(Object.keys(env)).map((variable) => (misspelt.has(variable) ? `${variable}=${env[variable]}` : variable));
  const inVain = unread.length === 0 ? '' : `, and ${unread.join(', ')}, which it does not read`;
  return `${name} was given ${addresses.join(' and ')}${inVain}`;
}
