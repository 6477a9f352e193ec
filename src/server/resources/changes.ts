import type { ChangeRecord, ResourceRow, WriteOp } from '../../store/ports.js';
import type { Caller } from '../rpc.js';

/** Fields that a line of the log of changes names at most. */
const MAX_FIELDS = 100;

/** The line that a change leaves in the log of changes. `at` is in milliseconds since 1970. */
export function recordChange(
  { kind, id, org }: Pick<ResourceRow, 'kind' | 'id' | 'org'>,
  action: ChangeRecord['action'],
  caller: Caller,
  at: number,
  fields: readonly string[] = [],
): WriteOp {
  return {
    op: 'record-change',
    change: { at, actor: caller.name, action, kind, resourceId: id, org, fields: fields.slice(0, MAX_FIELDS) },
  };
}
