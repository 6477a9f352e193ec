import type { ApiResourceReference } from '../../contract/gen/ai/stigmer/commons/apiresource/io_pb.js';
import type { ReferenceTarget } from './kind.js';

/** The references of a repeated field, each with its path. */
export function listed(field: string, references: readonly ApiResourceReference[] = []): ReferenceTarget[] {
  return references.map((reference, index) => ({ field: `${field}[${index}]`, reference }));
}
