import { Code, StigmerError } from '../../contract/errors.js';
import { loadValidator } from '../../contract/validation.js';
import { type ManifestFault, parseDocuments, type Place } from './document.js';
import { APPLICABLE } from './kind-order.js';
import { type Manifest, toManifest } from './manifest.js';
import type { ManifestSource } from './source.js';

/**
 * The resources that the files describe, in the order in which they are to be applied. Throws one INVALID_ARGUMENT that lists everything
 * that is wrong, in all files, each with file, line, column and field.
 */
export async function loadManifests(sources: readonly ManifestSource[], options: { readonly org: string }): Promise<Manifest[]> {
  const validate = await loadValidator();
  const faults: ManifestFault[] = [];
  const manifests: Manifest[] = [];
  for (const source of sources) {
    const parsed = parseDocuments(source);
    faults.push(...parsed.faults);
    for (const document of parsed.documents) {
      const made = toManifest(document, { ...options, validate });
      if ('faults' in made) faults.push(...made.faults);
      else manifests.push(made.manifest);
    }
  }
  faults.push(...repeated(manifests));
  if (faults.length > 0) throw manifestError(faults);
  if (manifests.length === 0) throw new StigmerError(Code.INVALID_ARGUMENT, `there is no manifest in ${sources.map(({ path }) => path).join(', ')}`);
  return manifests.toSorted((left, right) => APPLICABLE.indexOf(left.kind.kind) - APPLICABLE.indexOf(right.kind.kind));
}

/** The same resource described twice: the later would quietly win. */
function repeated(manifests: readonly Manifest[]): ManifestFault[] {
  const seen = new Map<string, Place>();
  return manifests.flatMap(({ kind, resource, slug, place, placeOf }): ManifestFault[] => {
    const key = `${kind.name} ${resource.metadata?.org ?? ''}/${resource.metadata?.id || slug}`;
    const before = seen.get(key);
    if (before === undefined) {
      seen.set(key, place);
      return [];
    }
    return [{ place: placeOf('metadata.name'), field: 'metadata.name', text: `${kind.name} '${slug}' is described at ${placeText(before)} already` }];
  });
}

/** INVALID_ARGUMENT with a line per fault: `agent.yaml:12:5: spec.instructions: must have at least 10 characters`. */
export function manifestError(faults: readonly ManifestFault[]): StigmerError {
  const lines = faults.map(({ place, field, text }) => `${placeText(place)}: ${field === '' ? '' : `${field}: `}${text}`);
  const violations = faults.map(({ place, field, text }) => ({ field: `${placeText(place)} ${field}`.trim(), description: text, rule: '' }));
  return new StigmerError(Code.INVALID_ARGUMENT, lines.join('\n'), { details: [{ type: 'BadRequest', violations }] });
}

export function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}
