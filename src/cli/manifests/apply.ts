import { create, type DescMessage, type JsonObject, type MessageInitShape } from '@bufbuild/protobuf';
import type { RpcClient } from '../../client/rpc-client.js';
import { UNREACHABLE } from '../../client/unreachable.js';
import { CallMetadata } from '../../contract/call-metadata.js';
import { Code, StigmerError } from '../../contract/errors.js';
import { ApiResourceReferenceSchema } from '../../contract/gen/ai/stigmer/commons/apiresource/io_pb.js';
import type { AnyResource } from '../../contract/resource-schemas.js';
import { knowsOurMetadata } from '../connection/knows-our-metadata.js';
import type { CliContext } from '../context.js';
import { kindMethod } from '../resources/kind-services.js';
import { manifestError } from './load.js';
import { faultsOf, type Manifest } from './manifest.js';

/** What became of a manifest, or would become of it. */
export interface Applied {
  readonly manifest: Manifest;
  /** `applied`: the server does not say which. */
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'applied';
  readonly id: string;
  /** Paths of the fields that change. */
  readonly fields: readonly string[];
}

/** Applies one manifest. INVALID_ARGUMENT of the server is told with the place in the file. */
export async function applyManifest(ctx: CliContext, client: RpcClient, manifest: Manifest): Promise<Applied> {
  return send(ctx, client, manifest, { [CallMetadata.IDEMPOTENCY_KEY]: ctx.newKey() });
}

/** What applying would do, by the server's word. Without a server, and by one that knows no dry run, only as far as it can be told. */
export async function planManifests(ctx: CliContext, client: RpcClient, manifests: readonly Manifest[]): Promise<{ readonly planned: readonly Applied[]; readonly reached: boolean }> {
  let ours: boolean;
  try {
    ours = await knowsOurMetadata(client, ctx.signal);
  } catch (error) {
    if (!(error instanceof StigmerError) || error.reason !== UNREACHABLE) throw error;
    return { planned: manifests.map((manifest) => ({ manifest, outcome: 'created', id: '', fields: [] })), reached: false };
  }
  const planned: Applied[] = [];
  for (const manifest of manifests) planned.push(await (ours ? send(ctx, client, manifest, { [CallMetadata.DRY_RUN]: 'true' }) : guess(ctx, client, manifest)));
  return { planned, reached: true };
}

async function send(ctx: CliContext, client: RpcClient, manifest: Manifest, headers: Record<string, string>): Promise<Applied> {
  const method = await kindMethod(manifest.kind.kind, 'apply');
  if (method === undefined) throw new TypeError(`${manifest.kind.name} has no apply`);
  let answered: ReadonlyMap<string, string> = new Map();
  try {
    const request = manifest.resource as unknown as MessageInitShape<DescMessage>;
    const resource = (await client.unary(method, request, { headers, signal: ctx.signal, onHeaders: (values) => (answered = values) })) as AnyResource;
    const fields = (answered.get(CallMetadata.CHANGED_FIELDS) ?? '').split(',').filter((field) => field !== '');
    return { manifest, outcome: outcomeOf(answered.get(CallMetadata.OUTCOME)), id: resource.metadata?.id ?? '', fields: fields.map(decodeURIComponent) };
  } catch (error) {
    const known = StigmerError.from(error);
    if (known.code === Code.INVALID_ARGUMENT) throw manifestError(faultsOf(known, manifest));
    throw new StigmerError(known.code, known.message, { details: known.details, cause: known });
  }
}

function outcomeOf(word: string | undefined): Applied['outcome'] {
  return word === 'created' || word === 'updated' || word === 'unchanged' ? word : 'applied';
}

/** Whether the resource is there. */
async function guess(ctx: CliContext, client: RpcClient, manifest: Manifest): Promise<Applied> {
  const { kind, resource, slug } = manifest;
  const method = await kindMethod(kind.kind, 'getByReference');
  if (method === undefined) return { manifest, outcome: 'applied', id: '', fields: [] };
  const reference = create(ApiResourceReferenceSchema, { org: resource.metadata?.org ?? '', kind: kind.kind, slug });
  try {
    const found = (await client.unary(method, reference, { signal: ctx.signal })) as AnyResource;
    return { manifest, outcome: 'updated', id: found.metadata?.id ?? '', fields: [] };
  } catch (error) {
    if (error instanceof StigmerError && error.code === Code.NOT_FOUND) return { manifest, outcome: 'created', id: '', fields: [] };
    throw error;
  }
}

/** For programs. */
export function appliedValue({ manifest, outcome, id, fields }: Applied): JsonObject {
  const { kind, resource, slug, place } = manifest;
  return { kind: kind.name, name: slug, org: resource.metadata?.org ?? '', id, outcome, fields: [...fields], file: place.file, line: place.line };
}
