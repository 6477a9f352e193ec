import { clone, create, fromBinary, type Message } from '@bufbuild/protobuf';
import { dataLoss, internal } from '../../contract/errors.js';
import { type ApiResourceMetadata, ApiResourceMetadataSchema } from '../../contract/gen/ai/stigmer/commons/apiresource/metadata_pb.js';
import type { ApiResourceAudit } from '../../contract/gen/ai/stigmer/commons/apiresource/status_pb.js';
import type { ResourceRow } from '../../store/ports.js';
import type { KindDefinition } from './kind.js';

/** What all resources of the contract have in common: the envelope. */
export type Resource = Message & {
  apiVersion: string;
  kind: string;
  metadata?: ApiResourceMetadata | undefined;
  spec?: Message | undefined;
  status?: ResourceStatus | undefined;
};

export type ResourceStatus = Message & { audit?: ApiResourceAudit | undefined };

/** The resource's metadata, made empty when there is none. */
export function metadataOf(resource: Resource): ApiResourceMetadata {
  resource.metadata ??= create(ApiResourceMetadataSchema);
  return resource.metadata;
}

/** The resource's status, made empty when there is none. */
export function statusOf(kind: KindDefinition, resource: Resource): ResourceStatus {
  const field = kind.schema.fields.find((candidate) => candidate.name === 'status');
  if (field?.message === undefined) throw internal(`${kind.schema.typeName} has no status message`);
  resource.status ??= create(field.message) as ResourceStatus;
  return resource.status;
}

/** A deep copy, unknown fields included. */
export function copyOf<R extends Resource>(kind: KindDefinition<R>, resource: R): R {
  return clone(kind.schema, resource) as R;
}

/** The message of a stored row. Throws DATA_LOSS, naming the row, when it cannot be decoded. */
export function fromRow<R extends Resource>(kind: KindDefinition<R>, row: ResourceRow): R {
  try {
    return fromBinary(kind.schema, row.data) as R;
  } catch (cause) {
    throw dataLoss(`${kind.kind.name} ${row.id} is stored in a form that cannot be read`, {
      reason: 'UNREADABLE_ROW',
      metadata: { kind: kind.kind.name, id: row.id },
      cause,
    });
  }
}
