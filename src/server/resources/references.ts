import { failedPrecondition, invalidArgument, notFound, type StigmerError } from '../../contract/errors.js';
import { resourceKind } from '../../contract/kinds.js';
import type { ResourceLink, WriteOp } from '../../store/ports.js';
import type { EngineContext } from './engine-context.js';
import type { KindDefinition, ParentRule, ReferenceRule, ReferenceTarget } from './kind.js';
import type { Plan } from './plan.js';
import { metadataOf, type Resource } from './resource.js';
import { resolveReference } from './resolve.js';
import { Scope, scopeOfRow } from './scope.js';

export interface CheckedReferences {
  /** What the row notes about what the resource refers to; its parent has a column of its own. */
  readonly links: readonly ResourceLink[];
  /** Checks that what is referred to is still there at commit. */
  readonly ops: readonly WriteOp[];
}

/**
 * Looks up everything that a resource refers to; its parent may come from one of the plans `after` which it is written. Throws NOT_FOUND for a missing parent, FAILED_PRECONDITION for another required
 * reference whose target is missing, INVALID_ARGUMENT for a target of another organisation or a reference that is not clear.
 */
export async function checkReferences<R extends Resource>(
  context: EngineContext,
  kind: KindDefinition<R>,
  resource: R,
  after: readonly Plan[] = [],
): Promise<CheckedReferences> {
  const ops: WriteOp[] = kind.parent === undefined ? [] : await checkParent(context, kind, kind.parent, resource, after);
  const links: ResourceLink[] = [];
  for (const rule of kind.references ?? []) {
    for (const target of rule.targets(resource)) {
      const link = await checkTarget(context, resource, rule, target);
      if (link === undefined) continue;
      links.push(link);
      if (link.required) ops.push({ op: 'require-resource', kind: link.kind, id: link.id, field: link.field });
    }
  }
  return { links, ops };
}

async function checkParent<R extends Resource>(
  { store }: EngineContext,
  kind: KindDefinition<R>,
  rule: ParentRule<R>,
  resource: R,
  after: readonly Plan[],
): Promise<WriteOp[]> {
  const id = rule.id(resource);
  if (id === '') throw invalidArgument(rule.field, 'value is required');
  if (rule.kind === undefined) return [];
  const parent = resourceKind(rule.kind);
  const planned = after.find((plan) => plan.outcome === 'created' && plan.resource.metadata?.id === id)?.resource.metadata;
  const row = planned === undefined ? await store.resources.get(parent.enumName, id) : undefined;
  const target = planned === undefined ? row : { scope: planned.ownerScope, org: planned.org };
  if (target === undefined) throw notFound(parent.name, id);
  const { org, ownerScope } = metadataOf(resource);
  if (ownerScope === Scope.organization && scopeOfRow(target) === Scope.organization && target.org !== org) {
    const [child, owner] = [kind.kind.displayName, parent.displayName].map((name) => name.toLowerCase());
    throw invalidArgument(
      'metadata.org',
      `Cannot create ${child?.split(' ').at(-1)} of org-scoped ${owner} in a different organization: the ${owner} is in '${target.org}', the ${child} in '${org}'`,
    );
  }
  return planned === undefined ? [{ op: 'require-resource', kind: parent.enumName, id, field: rule.field }] : [];
}

async function checkTarget<R extends Resource>(
  context: EngineContext,
  resource: R,
  rule: ReferenceRule<R>,
  { field, reference }: ReferenceTarget,
): Promise<ResourceLink | undefined> {
  const { org, ownerScope } = metadataOf(resource);
  const target = resourceKind(rule.kind);
  const row = await resolveReference(context.store, rule.kind, reference, { field, org });
  const definition = context.definition(rule.kind);
  const found = row && (definition.atVersion === undefined ? row : await definition.atVersion(context.store, row, reference.version));
  if (row === undefined || found === undefined) {
    if (!rule.required) return undefined;
    throw dangling(
      field,
      target.name,
      row === undefined ? reference : { ...reference, slug: `${reference.slug}:${reference.version}` },
      org,
    );
  }
  if (scopeOfRow(row) === Scope.organization && ownerScope !== Scope.platform && org !== '' && row.org !== org) {
    throw invalidArgument(
      field,
      `${target.name} '${row.slug}' belongs to organization '${row.org}'; a resource of organization '${org}' cannot refer to it`,
    );
  }
  return { field, kind: target.enumName, id: row.id, required: rule.required };
}

function dangling(
  field: string,
  kind: string,
  { slug, org }: { readonly slug: string; readonly org: string },
  homeOrg: string,
): StigmerError {
  const wanted = org || homeOrg;
  return failedPrecondition(`${field}: ${kind} not found: ${slug}${wanted === '' ? '' : ` in organization '${wanted}'`}`, {
    reason: 'DANGLING_REFERENCE',
    metadata: { field, kind, slug, org: wanted },
  });
}
