import { invalidArgument } from '../../contract/errors.js';
import type { ApiResourceReference } from '../../contract/gen/ai/stigmer/commons/apiresource/io_pb.js';
import { ApiResourceKind, resourceKind } from '../../contract/kinds.js';
import type { ResourceRow, Store } from '../../store/ports.js';
import { Scope, scopeOfRow } from './scope.js';

export interface ReferencePlace {
  /** Path of the reference in the message that holds it, for error texts; '' when it is the whole message. */
  readonly field: string;
  /** Organisation of the resource that refers: taken when the reference names none. */
  readonly org: string;
}

const NOWHERE: ReferencePlace = { field: '', org: '' };

/**
 * The resource that a reference means, or undefined.
 *
 * With an organisation, given by the reference or by its place: that organisation's own, else a platform-scoped one. Without: a
 * platform-scoped one, else the one without organisation, else the only one; several are refused with INVALID_ARGUMENT. A scope in
 * the reference must be the resource's own, but for platform-scoped resources, which everyone may use.
 */
export async function resolveReference(
  store: Store,
  kind: ApiResourceKind,
  reference: ApiResourceReference,
  place = NOWHERE,
): Promise<ResourceRow | undefined> {
  const { scope, slug } = reference;
  if (slug === '') throw invalidArgument(within(place, 'slug'), 'slug is required in reference');
  assertKind(kind, reference.kind, within(place, 'kind'));
  const rows = await store.resources.findBySlug(resourceKind(kind).enumName, slug);
  const fitting = rows.filter((row) => scope === Scope.unspecified || [scope, Scope.unspecified].includes(scopeOfRow(row)));
  const platform = rows.filter((row) => scopeOfRow(row) === Scope.platform && scope !== Scope.account);
  const org = reference.org || place.org;
  const own = org === '' ? undefined : fitting.find((row) => row.org === org);
  const shared = own ?? onlyOne(platform, slug, place);
  return shared ?? (reference.org === '' ? onlyOne(fitting, slug, place) : undefined);
}

function onlyOne(rows: readonly ResourceRow[], slug: string, place: ReferencePlace): ResourceRow | undefined {
  const withoutOrg = rows.find((row) => row.org === '');
  if (withoutOrg !== undefined || rows.length <= 1) return withoutOrg ?? rows[0];
  const orgs = rows.map((row) => `'${row.org}'`).sort();
  throw invalidArgument(within(place, 'org'), `must be set: '${slug}' exists in the organizations ${orgs.join(', ')}`);
}

/** Clients of the first contract had to call an environment a workflow execution; that number is taken for an environment. */
function assertKind(expected: ApiResourceKind, given: ApiResourceKind, field: string): void {
  const same = given === expected || given === ApiResourceKind.api_resource_kind_unknown;
  const first = expected === ApiResourceKind.environment && given === ApiResourceKind.workflow_execution;
  if (same || first) return;
  throw invalidArgument(field, `kind mismatch: expected ${resourceKind(expected).enumName}, got ${ApiResourceKind[given] ?? given}`);
}

function within(place: ReferencePlace, field: string): string {
  return place.field === '' ? field : `${place.field}.${field}`;
}
