import { create as createMessage } from '@bufbuild/protobuf';
import { annotations } from '../../contract/annotations.js';
import { aborted, invalidArgument, notFound } from '../../contract/errors.js';
import {
  type ApiResourceMetadata,
  ApiResourceMetadataVersionSchema,
} from '../../contract/gen/ai/stigmer/commons/apiresource/metadata_pb.js';
import { ApiResourceKind } from '../../contract/kinds.js';
import { slugOf } from '../../contract/slug.js';
import type { ResourceRow } from '../../store/ports.js';
import type { Caller } from '../rpc.js';
import { stampAudit, stampStatusAudit } from './audit.js';
import { adoptOrCreateDefaultChild } from './default-child.js';
import { changedFields } from './diff.js';
import { recordChange } from './changes.js';
import type { EngineContext, PlanOptions } from './engine-context.js';
import type { KindDefinition } from './kind.js';
import type { Plan } from './plan.js';
import { checkReferences } from './references.js';
import { copyOf, fromRow, metadataOf, type Resource, statusOf } from './resource.js';
import { toRow } from './row.js';
import { sealSecrets } from './secrets.js';
import { validateDraft } from './validate.js';

/** The stored resource that a draft means: by its id, else by organisation and slug, or the slug that its name gives. */
export async function findExisting<R extends Resource>(
  { store }: EngineContext,
  kind: KindDefinition<R>,
  { id, org, slug, name }: ApiResourceMetadata,
): Promise<ResourceRow | undefined> {
  const byId = id === '' ? undefined : await store.resources.get(kind.kind.enumName, id);
  const wanted = slug || slugOf(name);
  return byId ?? (wanted === '' ? undefined : store.resources.getBySlug(kind.kind.enumName, org, wanted));
}

/** Plans an update of a resource that must exist. A draft with an id means that very resource. */
export async function planUpdate<R extends Resource>(
  context: EngineContext,
  kind: KindDefinition<R>,
  draft: R,
  caller: Caller,
): Promise<Plan<R>> {
  validateDraft(context, kind, draft);
  const { id, slug, name, org } = metadataOf(draft);
  if (id === '' && slug === '' && name === '') throw invalidArgument('metadata.id', 'resource id or slug is required for update');
  const row = id === '' ? await findExisting(context, kind, metadataOf(draft)) : await context.store.resources.get(kind.kind.enumName, id);
  if (row === undefined) throw notFound(kind.kind.name, id || `${slug || slugOf(name)}${org === '' ? '' : ` in organization '${org}'`}`);
  return planReplacement(context, kind, draft, row, caller);
}

/**
 * Plans the replacement of a stored resource's spec and metadata by those of a validated draft. Id, slug, organisation, status and
 * what is known of the creation stay. Nothing is written when nothing changes. Throws ABORTED, naming both versions, when the draft
 * carries a version id that is not the current one.
 */
export async function planReplacement<R extends Resource>(
  context: EngineContext,
  kind: KindDefinition<R>,
  draft: R,
  row: ResourceRow,
  caller: Caller,
  options: PlanOptions<R> = {},
): Promise<Plan<R>> {
  assertCurrent(kind, metadataOf(draft), row);
  const before = fromRow(kind, row);
  const resource = replacement(kind, draft, before);
  assertSameParent(kind, resource, before);
  options.amend?.(resource);
  const secrets = await sealSecrets(context.store.secrets, kind, row.id, resource, before);
  const child = await adoptOrCreateDefaultChild(context, kind, resource, caller);
  const changed = new Set([...changedFields(kind.schema, before, resource), ...secrets.fields]);
  const fields = [...changed].filter((field) => !isVolatile(field));
  if (fields.length === 0) return { resource: before, ops: [], outcome: 'unchanged', fields: [] };
  const references = await checkReferences(context, kind, resource);
  const now = context.clock.now();
  renewVersion(context, metadataOf(resource), row.version, metadataOf(draft).version?.message ?? '');
  kind.deriveStatus?.(resource, now);
  stampAudit(statusOf(kind, resource), { actor: caller.name, at: now, event: 'updated' });
  const next = toRow(kind, resource, references.links, { createdAt: row.createdAt, updatedAt: now });
  return {
    resource,
    outcome: 'updated',
    fields,
    ops: [
      ...references.ops,
      { op: 'update-resource', row: next, expectedVersion: row.version },
      ...secrets.ops,
      recordChange(next, 'updated', caller, now, fields),
      ...(child?.ops ?? []),
    ],
  };
}

/** Plans a change that the server itself makes to a resource's status. */
export function planStatusChange<R extends Resource>(
  context: EngineContext,
  kind: KindDefinition<R>,
  row: ResourceRow,
  resource: R,
  caller: Caller,
): Plan<R> {
  const now = context.clock.now();
  renewVersion(context, metadataOf(resource), row.version, '');
  stampStatusAudit(statusOf(kind, resource), { actor: caller.name, at: now, event: 'updated' });
  const next = toRow(kind, resource, row.references, { createdAt: row.createdAt, updatedAt: now });
  return { resource, outcome: 'updated', fields: [], ops: [{ op: 'update-resource', row: next, expectedVersion: row.version }] };
}

function replacement<R extends Resource>(kind: KindDefinition<R>, draft: R, before: R): R {
  const resource = copyOf(kind, draft);
  const kept = copyOf(kind, before);
  const metadata = metadataOf(resource);
  const { id, slug, org, version } = metadataOf(kept);
  Object.assign(metadata, { id, slug, org, version });
  metadata.name ||= slug;
  resource.status = kept.status;
  return resource;
}

function assertCurrent(kind: KindDefinition, { version }: ApiResourceMetadata, row: ResourceRow): void {
  const sent = version?.id ?? '';
  if (sent === '' || sent === row.version) return;
  throw aborted(`${kind.kind.name} ${row.id} has version ${row.version} by now, not ${sent}; read it again and repeat the change`, {
    reason: 'VERSION_CONFLICT',
    metadata: { kind: kind.kind.name, id: row.id, current: row.version, sent },
  });
}

function assertSameParent<R extends Resource>({ parent }: KindDefinition<R>, resource: R, before: R): void {
  if (parent === undefined || parent.id(resource) === parent.id(before)) return;
  throw invalidArgument(parent.field, `cannot be changed; it is '${parent.id(before)}'`);
}

function renewVersion(context: EngineContext, metadata: ApiResourceMetadata, previousVersionId: string, message: string): void {
  const id = context.newId(ApiResourceKind.api_resource_version);
  metadata.version = createMessage(ApiResourceMetadataVersionSchema, { id, message, previousVersionId });
}

/** The original's SDK writes the time of each synthesis into its output; it alone is no change. */
function isVolatile(field: string): boolean {
  return field === `metadata.annotations[${JSON.stringify(annotations.sdkGeneratedAt.key)}]`;
}
