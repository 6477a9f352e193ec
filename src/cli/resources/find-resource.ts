import { create } from '@bufbuild/protobuf';
import type { RpcClient } from '../../client/rpc-client.js';
import { Code, notFound, StigmerError } from '../../contract/errors.js';
import { ApiResourceReferenceSchema } from '../../contract/gen/ai/stigmer/commons/apiresource/io_pb.js';
import { kindOfId } from '../../contract/ids.js';
import type { AnyResource } from '../../contract/resource-schemas.js';
import { slugOf } from '../../contract/slug.js';
import { didYouMean } from '../nearest.js';
import { usageError } from '../usage-error.js';
import { kindMethod, requestById } from './kind-services.js';
import type { Kind } from './kinds.js';

/** Which resource, as a person says it. */
export interface Wanted {
  readonly nameOrId: string;
  /** Empty: whichever organization has the name. */
  readonly org: string;
}

/** The resource of a kind by its id or name. Throws NOT_FOUND, with the name that was probably meant. */
export async function findResource(client: RpcClient, kind: Kind, wanted: Wanted): Promise<AnyResource> {
  const found = await lookUp(client, kind, wanted);
  if (found !== undefined) return found;
  throw await missing(client, [kind], wanted);
}

/** The resource of each of the kinds that has one of this id or name. Throws NOT_FOUND when none has. */
export async function findAmong(client: RpcClient, kinds: readonly Kind[], wanted: Wanted): Promise<{ readonly kind: Kind; readonly resource: AnyResource }[]> {
  const ofId = kindOfId(wanted.nameOrId);
  const candidates = ofId === undefined ? kinds : kinds.filter(({ kind }) => kind === ofId.kind);
  if (candidates.length === 0) throw usageError(`${wanted.nameOrId} is the id of ${withArticle(ofId?.displayName ?? '')}, not of ${kinds.map(({ displayName }) => withArticle(displayName)).join(' or ')}`);
  const found = await Promise.all(candidates.map(async (kind) => ({ kind, resource: await lookUp(client, kind, wanted) })));
  const there = found.flatMap(({ kind, resource }) => (resource === undefined ? [] : [{ kind, resource }]));
  if (there.length === 0) throw await missing(client, candidates, wanted);
  return there;
}

async function lookUp(client: RpcClient, kind: Kind, { nameOrId, org }: Wanted): Promise<AnyResource | undefined> {
  const ofId = kindOfId(nameOrId);
  if (ofId !== undefined) {
    if (ofId.kind !== kind.kind) throw usageError(`${nameOrId} is the id of ${withArticle(ofId.displayName)}, not of ${withArticle(kind.displayName)}`);
    return byId(client, kind, nameOrId);
  }
  const slug = slugOf(nameOrId);
  const byReference = await kindMethod(kind.kind, 'getByReference');
  if (slug !== '' && byReference !== undefined) {
    const request = create(ApiResourceReferenceSchema, { org, kind: kind.kind, slug });
    const found = await unlessMissing(client.unary(byReference, request) as Promise<AnyResource>);
    if (found !== undefined) return found;
  } else if (slug !== '' && !isExecution(kind)) {
    const { listResources } = await import('./list-resources.js');
    for await (const { resources } of listResources(client, kind, { org })) {
      const found = resources.find(({ metadata }) => metadata?.slug === slug);
      if (found !== undefined) return found;
    }
  }
  // A client may have given the resource an id of its own form.
  return byId(client, kind, nameOrId);
}

/** Executions are known by their ids: their names need not be unique. */
function isExecution({ enumName }: Kind): boolean {
  return enumName.endsWith('_execution');
}

async function byId(client: RpcClient, kind: Kind, id: string): Promise<AnyResource | undefined> {
  const get = await kindMethod(kind.kind, 'get');
  return get === undefined ? undefined : unlessMissing(client.unary(get, requestById(get, id)) as Promise<AnyResource>);
}

async function unlessMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof StigmerError && error.code === Code.NOT_FOUND) return undefined;
    throw error;
  }
}

async function missing(client: RpcClient, kinds: readonly Kind[], { nameOrId, org }: Wanted): Promise<StigmerError> {
  const where = org === '' ? '' : ` in organization ${org}`;
  const what = notFound(kinds.map(({ name }) => name).join(' or '), `${nameOrId}${where}`);
  const meant = didYouMean(nameOrId, await namesOf(client, kinds, org));
  const lists = kinds.map(({ plural }) => `stigmer list ${plural}`).join(' and ');
  return new StigmerError(what.code, `${what.message}${meant}\nWhat is there: ${lists}`, { details: what.details });
}

/** Names for a hint. A server that cannot list them has no hint. */
async function namesOf(client: RpcClient, kinds: readonly Kind[], org: string): Promise<string[]> {
  const { listResources } = await import('./list-resources.js');
  const names: string[] = [];
  for (const kind of kinds) {
    try {
      for await (const { resources } of listResources(client, kind, { org })) {
        names.push(...resources.flatMap(({ metadata }) => (metadata?.slug ? [metadata.slug] : [])));
        // One page is enough to look for a typing error in.
        break;
      }
    } catch (error) {
      if (!(error instanceof StigmerError)) throw error;
    }
  }
  return names;
}

export function withArticle(displayName: string): string {
  const name = displayName.toLowerCase().replace('mcp', 'MCP');
  return `${/^[aeiouM]/.test(name) ? 'an' : 'a'} ${name}`;
}
