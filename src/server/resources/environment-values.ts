import { failedPrecondition } from '../../contract/errors.js';
import { ApiResourceKind, resourceKind } from '../../contract/kinds.js';
import type { EngineContext } from './engine-context.js';
import type { KindDefinition, SecretValue } from './kind.js';
import { rowById } from './lookup.js';
import { fromRow, metadataOf, type Resource } from './resource.js';
import { resolveReference } from './resolve.js';
import { openValues } from './secrets.js';

export type OpenValues = ReadonlyMap<string, SecretValue>;

/** The values of one resource, the secret ones opened: an environment's, an execution context's, or the env_spec of an agent or workflow. */
export async function openEnvironment({ store }: EngineContext, kind: KindDefinition, id: string): Promise<OpenValues> {
  return openValues(store.secrets, kind, id, fromRow(kind, await rowById(store, kind, id)));
}

/**
 * What an instance runs with: its parent's env_spec, and over it its environments in their order; a later value wins. Values that
 * env_spec only declares, without a default, are left out. Throws FAILED_PRECONDITION when an environment is gone.
 */
export async function openInstanceEnvironment(context: EngineContext, kind: KindDefinition, instance: Resource): Promise<OpenValues> {
  const merged = new Map<string, SecretValue>();
  const lay = (values: OpenValues): void => values.forEach((value, key) => merged.set(key, value));
  if (kind.parent?.kind !== undefined) {
    const declared = await openEnvironment(context, context.definition(kind.parent.kind), kind.parent.id(instance));
    lay(new Map([...declared].filter(([, { value }]) => value !== '')));
  }
  const { org } = metadataOf(instance);
  const rules = (kind.references ?? []).filter((rule) => rule.kind === ApiResourceKind.environment);
  for (const { field, reference } of rules.flatMap((rule) => rule.targets(instance))) {
    const row = await resolveReference(context.store, ApiResourceKind.environment, reference, { field, org });
    if (row === undefined) throw missing(field, reference.slug, instance);
    lay(await openEnvironment(context, context.definition(ApiResourceKind.environment), row.id));
  }
  return merged;
}

function missing(field: string, slug: string, instance: Resource) {
  const kind = resourceKind(ApiResourceKind.environment).name;
  return failedPrecondition(`${field} of ${metadataOf(instance).id}: ${kind} not found: ${slug}`, {
    reason: 'DANGLING_REFERENCE',
    metadata: { field, kind, slug },
  });
}
