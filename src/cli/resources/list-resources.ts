import type { RpcClient } from '../../client/rpc-client.js';
import { ResourceQuery } from '../../contract/gen/stigmer/resource/v1/resource_pb.js';
import type { AnyResource } from '../../contract/resource-schemas.js';
import type { Kind } from './kinds.js';

/** Which resources of a kind. */
export interface ListFilter {
  /** Empty: of all organizations. */
  readonly org?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly tags?: readonly string[];
}

const PAGE_SIZE = 200;

/** The resources of a kind, page by page, oldest first. For all kinds but executions. */
export async function* listResources(client: RpcClient, kind: Kind, filter: ListFilter): AsyncGenerator<{ readonly resources: readonly AnyResource[]; readonly total: number }, void, undefined> {
  const { org = '', labels = {}, tags = [] } = filter;
  let pageToken = '';
  do {
    const page = await client.unary(ResourceQuery.method.list, { kind: kind.kind, org, labels: { ...labels }, tags: [...tags], pageSize: PAGE_SIZE, pageToken });
    yield { resources: page.resources.flatMap(({ resource }) => (resource.case === undefined ? [] : [resource.value])), total: page.total };
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
}
