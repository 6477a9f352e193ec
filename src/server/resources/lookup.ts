import { notFound } from '../../contract/errors.js';
import type { ApiResourceReference } from '../../contract/gen/ai/stigmer/commons/apiresource/io_pb.js';
import type { ResourceRow, Store } from '../../store/ports.js';
import type { KindDefinition } from './kind.js';
import { resolveReference } from './resolve.js';

/** The stored row of an id. Throws NOT_FOUND `<Kind> not found: <id>`. */
export async function rowById(store: Store, { kind }: KindDefinition, id: string): Promise<ResourceRow> {
  const row = await store.resources.get(kind.enumName, id);
  if (row === undefined) throw notFound(kind.name, id);
  return row;
}

/**
 * The stored row that a reference means, at the version that it names. Throws NOT_FOUND `<Kind> not found: <slug>`, and INVALID_ARGUMENT
 * for a reference that is not clear.
 */
export async function rowByReference(store: Store, definition: KindDefinition, reference: ApiResourceReference): Promise<ResourceRow> {
  const { kind } = definition;
  const { slug, org, version } = reference;
  const row = await resolveReference(store, kind.kind, reference);
  if (row === undefined) throw notFound(kind.name, org === '' ? slug : `${slug} (organization '${org}')`);
  if (definition.atVersion === undefined) return row;
  const found = await definition.atVersion(store, row, version);
  if (found === undefined) throw notFound(`${kind.displayName.toLowerCase()} version`, `${slug}:${version}`);
  return found;
}
