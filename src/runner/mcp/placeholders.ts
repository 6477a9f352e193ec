import { failedPrecondition } from '../../contract/errors.js';

const placeholder = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/**
 * The texts with each `${NAME}` in them filled from the variables of the run. Throws StigmerError FAILED_PRECONDITION that names every
 * variable which is not there. `where` is what the texts belong to, for a person.
 */
export function resolvePlaceholders(where: string, texts: Readonly<Record<string, string>>, variables: Readonly<Record<string, string>>): Record<string, string> {
  const missing = new Set<string>();
  const resolved = Object.entries(texts).map(([key, text]) => [
    key,
    text.replace(placeholder, (_whole, name: string) => {
      const value = variables[name];
      if (value === undefined) missing.add(name);
      return value ?? '';
    }),
  ]);
  if (missing.size > 0) {
    throw failedPrecondition(`${where} wants ${[...missing].map((name) => `\${${name}}`).join(', ')}, and the run has no such variable: give it with --env or --secret, or in an environment.`);
  }
  return Object.fromEntries(resolved) as Record<string, string>;
}
