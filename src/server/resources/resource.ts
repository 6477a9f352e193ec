import type { Message } from '@bufbuild/protobuf';
import type { ApiResourceMetadata } from '../../contract/gen/ai/stigmer/commons/apiresource/metadata_pb.js';
import type { ApiResourceAudit } from '../../contract/gen/ai/stigmer/commons/apiresource/status_pb.js';

/** What all resources of the contract have in common: the envelope. */
export type Resource = Message & {
  apiVersion: string;
  kind: string;
  metadata?: ApiResourceMetadata | undefined;
  spec?: Message | undefined;
  status?: (Message & { audit?: ApiResourceAudit | undefined }) | undefined;
};
