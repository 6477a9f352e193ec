import type { DescMessage, JsonObject, JsonValue } from '@bufbuild/protobuf';
import { validateAnnotations } from '../../contract/annotations.js';
import { StigmerError } from '../../contract/errors.js';
import { ApiResourceOwnerScope } from '../../contract/gen/ai/stigmer/commons/apiresource/enum_pb.js';
import { fromProtoJson } from '../../contract/proto-json.js';
import { type AnyResource, resourceSchemas } from '../../contract/resource-schemas.js';
import { slugOf } from '../../contract/slug.js';
import type { Validate } from '../../contract/validation.js';
import { didYouMean } from '../nearest.js';
import { type Kind, servedKinds } from '../resources/kinds.js';
import type { ManifestDocument, ManifestFault, Place } from './document.js';
import { APPLICABLE, DEFAULT_SCOPED, INSTEAD } from './kind-order.js';

/** A resource that a manifest describes. */
export interface Manifest {
  readonly kind: Kind;
  readonly resource: AnyResource;
  readonly slug: string;
  readonly place: Place;
  placeOf(field: string): Place;
}

export interface ManifestOptions {
  /** Organization of a manifest that names none. */
  readonly org: string;
  readonly validate: Validate;
}

/** Makes a resource of a document, with what it leaves out filled in, and checks it as far as that is possible without the server. */
export function toManifest(document: ManifestDocument, options: ManifestOptions): { readonly manifest: Manifest } | { readonly faults: readonly ManifestFault[] } {
  const refuse = (field: string, text: string): { faults: ManifestFault[] } => ({ faults: [{ place: document.placeOf(field), field, text }] });
  const { json } = document;
  if (!isObject(json)) return refuse('', 'a manifest is a map with apiVersion, kind, metadata and spec');
  const kind = servedKinds.find(({ name }) => name === json['kind']);
  const known = servedKinds.filter((one) => APPLICABLE.includes(one.kind)).map(({ name }) => name);
  if (kind === undefined) {
    const given = json['kind'];
    return refuse('kind', typeof given === 'string' ? `'${given}' is no kind of resource${didYouMean(given, known)} (kinds: ${known.join(', ')})` : `is missing; it must be one of ${known.join(', ')}`);
  }
  if (!APPLICABLE.includes(kind.kind)) return refuse('kind', INSTEAD[kind.kind] ?? `${kind.name} cannot be applied`);
  if (json['apiVersion'] === undefined && json['api_version'] === undefined) return refuse('api_version', `is missing; it must be ${kind.apiVersion}`);
  try {
    const resource = fromProtoJson(resourceSchemas[kind.kind] as DescMessage, json) as AnyResource;
    const { metadata } = resource;
    if (metadata === undefined) return refuse('metadata', 'is missing; it must have a name');
    metadata.org ||= options.org;
    if (metadata.ownerScope === ApiResourceOwnerScope.api_resource_owner_scope_unspecified && DEFAULT_SCOPED.includes(kind.kind)) metadata.ownerScope = ApiResourceOwnerScope.organization;
    const slug = metadata.slug || slugOf(metadata.name);
    if (slug === '' && metadata.id === '') return refuse('metadata.name', metadata.name === '' ? 'is missing' : `'${metadata.name}' must have a letter or digit of ASCII in it, or the manifest a metadata.slug`);
    options.validate(resourceSchemas[kind.kind] as DescMessage, resource);
    validateAnnotations(kind.kind, metadata);
    return { manifest: { kind, resource, slug, place: document.place, placeOf: (field) => document.placeOf(field) } };
  } catch (error) {
    return { faults: faultsOf(StigmerError.from(error), document) };
  }
}

/** What an error says about a document, each fault with its place. */
export function faultsOf(error: StigmerError, document: Pick<ManifestDocument, 'placeOf'>): ManifestFault[] {
  const { violations } = error;
  if (violations.length === 0) return [{ place: document.placeOf(''), field: '', text: error.message }];
  return violations.map(({ field, description }) => ({ place: document.placeOf(field), field, text: description }));
}

function isObject(json: JsonValue): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
