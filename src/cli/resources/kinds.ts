import { type ResourceKind, resourceKinds } from '../../contract/kinds.js';
import { isServedKind, type ServedKind } from '../../contract/resource-schemas.js';
import { didYouMean } from '../nearest.js';
import { usageError } from '../usage-error.js';

/** A kind that is served, with its names. */
export interface Kind extends ResourceKind {
  readonly kind: ServedKind;
}

/** Short words beside the kinds' own names. */
const SHORT: Readonly<Record<string, string>> = { mcp: 'mcp_server', mcps: 'mcp_server', env: 'environment', envs: 'environment' };

/** All kinds that are served. */
export const servedKinds: readonly Kind[] = resourceKinds.filter((kind): kind is Kind => isServedKind(kind.kind));

/** The kind that a person names, singular or plural. Throws a usage error with all names, and the nearest. */
export function kindNamed(word: string, command: string): Kind {
  const spelled = spelling(SHORT[word.toLowerCase()] ?? word);
  const found = servedKinds.find(({ enumName, name, plural }) => [enumName, name, plural].some((one) => spelling(one) === spelled));
  if (found !== undefined) return found;
  const plurals = servedKinds.map(({ plural }) => plural);
  const singulars = servedKinds.map(({ enumName }) => enumName.replaceAll('_', '-'));
  throw usageError(`'${word}' is no kind of resource${didYouMean(word, [...plurals, ...singulars])}\nKinds: ${plurals.join(', ')}`, command);
}

function spelling(text: string): string {
  return text.toLowerCase().replaceAll(/[-_ ]/g, '');
}
