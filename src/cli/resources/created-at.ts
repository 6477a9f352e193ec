import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { AnyResource } from '../../contract/resource-schemas.js';

/** When a resource was created, in milliseconds since 1970 by the server's clock; undefined when the server does not say. */
export function createdAt(resource: AnyResource): number | undefined {
  const time = resource.status?.audit?.specAudit?.createdAt;
  return time === undefined ? undefined : timestampMs(time);
}
