import { toBinary } from '@bufbuild/protobuf';
import { resourceExhausted } from '../../contract/errors.js';
import type { ResourceLink, ResourceRow } from '../../store/ports.js';
import type { KindDefinition } from './kind.js';
import { metadataOf, type Resource } from './resource.js';

/** Largest resource in bytes: the original's clients read messages of 4 MiB. */
export const MAX_RESOURCE_BYTES = 3_670_016;

export interface RowTimes {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The row of a finished resource. Throws RESOURCE_EXHAUSTED with both numbers when it is larger than its readers can take. */
export function toRow<R extends Resource>(
  kind: KindDefinition<R>,
  resource: R,
  references: readonly ResourceLink[],
  times: RowTimes,
): ResourceRow {
  const metadata = metadataOf(resource);
  const data = toBinary(kind.schema, resource);
  if (data.length > MAX_RESOURCE_BYTES) throw resourceExhausted(`${kind.kind.name} ${metadata.slug}`, MAX_RESOURCE_BYTES, data.length);
  return {
    kind: kind.kind.enumName,
    id: metadata.id,
    org: metadata.org,
    slug: metadata.slug,
    scope: metadata.ownerScope,
    parent: kind.parent?.id(resource) ?? '',
    version: metadata.version?.id ?? '',
    labels: metadata.labels,
    tags: metadata.tags,
    references,
    createdAt: times.createdAt,
    updatedAt: times.updatedAt,
    data,
  };
}
