import type { DescMessage, JsonValue, Message } from '@bufbuild/protobuf';
import { toProtoJson } from '../../contract/proto-json.js';
import { resourceSchemas } from '../../contract/resource-schemas.js';
import type { Kind } from './kinds.js';

/** A resource as proto JSON, the form that manifests have. */
export function resourceValue(kind: Kind, resource: Message): JsonValue {
  return toProtoJson(resourceSchemas[kind.kind] as DescMessage, resource);
}
