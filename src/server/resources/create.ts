import { create as createMessage } from '@bufbuild/protobuf';
import { alreadyExists, invalidArgument } from '../../contract/errors.js';
import {
  ApiResourceMetadataVersionSchema,
  type ApiResourceMetadata,
} from '../../contract/gen/ai/stigmer/commons/apiresource/metadata_pb.js';
import { ApiResourceKind } from '../../contract/kinds.js';
import { assertSlug, slugOf } from '../../contract/slug.js';
import type { Caller } from '../rpc.js';
import { stampAudit } from './audit.js';
import { recordChange } from './changes.js';
import { adoptOrCreateDefaultChild } from './default-child.js';
import type { EngineContext, PlanOptions } from './engine-context.js';
import type { KindDefinition } from './kind.js';
import type { Plan } from './plan.js';
import { checkReferences } from './references.js';
import { copyOf, metadataOf, type Resource, statusOf } from './resource.js';
import { toRow } from './row.js';
import { sealSecrets } from './secrets.js';
import { validateDraft } from './validate.js';

/** Validates a draft and plans a new resource from it. */
export async function planCreate<R extends Resource>(
  context: EngineContext,
  kind: KindDefinition<R>,
  draft: R,
  caller: Caller,
  options: PlanOptions<R> = {},
): Promise<Plan<R>> {
  validateDraft(context, kind, draft);
  return planInsertion(context, kind, draft, caller, options);
}

/**
 * Plans a new resource from a validated draft, its default child included. Status and id that the client sent are dropped. Throws
 * INVALID_ARGUMENT, ALREADY_EXISTS when the slug is taken in its organisation, and what a missing reference gives.
 */
export async function planInsertion<R extends Resource>(
  context: EngineContext,
  kind: KindDefinition<R>,
  draft: R,
  caller: Caller,
  options: PlanOptions<R> = {},
): Promise<Plan<R>> {
  const resource = copyOf(kind, draft);
  const metadata = metadataOf(resource);
  metadata.slug = slugFor(metadata);
  metadata.name ||= metadata.slug;
  const references = await checkReferences(context, kind, resource, options.after);
  await assertSlugFree(context, kind, metadata);
  metadata.id = context.newId(kind.kind.kind);
  metadata.version = createMessage(ApiResourceMetadataVersionSchema, {
    id: context.newId(ApiResourceKind.api_resource_version),
    message: metadata.version?.message ?? '',
  });
  const secrets = await sealSecrets(context.store.secrets, kind, metadata.id, resource);
  const now = context.clock.now();
  resource.status = undefined;
  const status = statusOf(kind, resource);
  stampAudit(status, { actor: caller.name, at: now, event: 'created' });
  kind.deriveStatus?.(resource, now);
  options.amend?.(resource);
  const child = await adoptOrCreateDefaultChild(context, kind, resource, caller);
  const row = toRow(kind, resource, references.links, { createdAt: now, updatedAt: now });
  return {
    resource,
    outcome: 'created',
    fields: [],
    ops: [
      ...references.ops,
      { op: 'insert-resource', row },
      ...secrets.ops,
      recordChange(row, 'created', caller, now),
      ...(child?.ops ?? []),
    ],
  };
}

/** The slug of a new resource: as given, else made from its name. */
export function slugFor({ slug, name }: ApiResourceMetadata): string {
  if (slug !== '') {
    assertSlug(slug);
    return slug;
  }
  if (name === '') throw invalidArgument('metadata.name', 'resource name is empty, cannot generate slug');
  const made = slugOf(name);
  if (made === '') throw invalidArgument('metadata.name', `'${name}' has no ASCII letter or digit to make a slug from; set metadata.slug`);
  return made;
}

async function assertSlugFree<R extends Resource>(
  { store }: EngineContext,
  kind: KindDefinition<R>,
  { org, slug }: ApiResourceMetadata,
): Promise<void> {
  const taken = await store.resources.getBySlug(kind.kind.enumName, org, slug);
  if (taken !== undefined) throw alreadyExists(kind.kind.name, `slug '${slug}'`, taken.id);
}
