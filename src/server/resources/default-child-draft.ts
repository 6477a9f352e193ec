import { type ApiResourceKind, resourceKind } from '../../contract/kinds.js';
import type { Resource } from './resource.js';

/** The envelope of a default instance, as the original's clients know it: the parent's name, scope and organisation, and a fixed description. */
export function defaultChildDraft<S>(kind: ApiResourceKind, { metadata }: Resource, spec: (parentId: string, description: string) => S) {
  const { apiVersion, name: kindName } = resourceKind(kind);
  const { id = '', name = '', org = '', ownerScope } = metadata ?? {};
  return {
    apiVersion,
    kind: kindName,
    metadata: { name: `${name}-default`, org, ...(ownerScope === undefined ? {} : { ownerScope }) },
    spec: spec(id, 'Default instance (auto-created, no custom configuration)'),
  };
}
