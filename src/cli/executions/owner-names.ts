import type { RpcClient } from '../../client/rpc-client.js';
import { StigmerError } from '../../contract/errors.js';
import { kindOfId } from '../../contract/ids.js';
import type { AnyResource } from '../../contract/resource-schemas.js';
import { kindMethod, requestById } from '../resources/kind-services.js';
import { servedKinds } from '../resources/kinds.js';

/** Names of agents and workflows by their ids; the id itself for one that is gone. */
export async function ownerNames(client: RpcClient, ids: Iterable<string>, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const unique = [...new Set(ids)];
  return new Map(await Promise.all(unique.map(async (id) => [id, await nameOf(client, id, signal)] as const)));
}

async function nameOf(client: RpcClient, id: string, signal: AbortSignal): Promise<string> {
  const kind = servedKinds.find((one) => one.kind === kindOfId(id)?.kind);
  const get = kind === undefined ? undefined : await kindMethod(kind.kind, 'get');
  if (get === undefined) return id;
  try {
    const { metadata } = (await client.unary(get, requestById(get, id), { signal })) as AnyResource;
    return metadata?.slug || metadata?.name || id;
  } catch (error) {
    // The list is of executions: that its owner was deleted does not hinder it.
    if (error instanceof StigmerError) return id;
    throw error;
  }
}
