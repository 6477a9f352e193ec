import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  ApiResourceAuditActorSchema,
  type ApiResourceAuditInfo,
  ApiResourceAuditInfoSchema,
  ApiResourceAuditSchema,
} from '../../contract/gen/ai/stigmer/commons/apiresource/status_pb.js';
import type { ResourceStatus } from './resource.js';

export interface Stamp {
  /** Name of the caller. */
  readonly actor: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: 'created' | 'updated';
}

/** Writes who changed the resource, and when, into its status. What is known of its creation is kept. */
export function stampAudit(status: ResourceStatus, stamp: Stamp): void {
  const { specAudit, statusAudit } = status.audit ?? {};
  status.audit = create(ApiResourceAuditSchema, { specAudit: stamped(specAudit, stamp), statusAudit: stamped(statusAudit, stamp) });
}

/** The same for a change that the server makes to the status alone. */
export function stampStatusAudit(status: ResourceStatus, stamp: Stamp): void {
  status.audit ??= create(ApiResourceAuditSchema);
  status.audit.statusAudit = stamped(status.audit.statusAudit, stamp);
}

function stamped(before: ApiResourceAuditInfo | undefined, { actor, at, event }: Stamp): ApiResourceAuditInfo {
  const by = create(ApiResourceAuditActorSchema, { id: actor });
  const time = timestampFromMs(at);
  return create(ApiResourceAuditInfoSchema, {
    createdBy: before?.createdBy ?? by,
    createdAt: before?.createdAt ?? time,
    updatedBy: by,
    updatedAt: time,
    event,
  });
}
