import { ApiResourceOwnerScope } from '../../contract/gen/ai/stigmer/commons/apiresource/enum_pb.js';
import type { ResourceRow } from '../../store/ports.js';

const { platform, organization, identity_account: account, api_resource_owner_scope_unspecified: unspecified } = ApiResourceOwnerScope;

/** Owner scopes by short names. */
export const Scope = { unspecified, platform, organization, account } as const;

/** Owner scope of a stored resource. */
export function scopeOfRow({ scope }: Pick<ResourceRow, 'scope'>): ApiResourceOwnerScope {
  return scope;
}
