import { CallMetadata } from '../../contract/call-metadata.js';
import type { CallContext } from '../rpc.js';
import type { KindDefinition } from './kind.js';
import type { ListedPage } from './list.js';
import type { Plan } from './plan.js';
import { fromRow, type Resource } from './resource.js';

/** Largest value of one metadata key: grpc-js takes 8 KiB for all of them together. */
const MAX_VALUE = 4096;

export function isDryRun(call: CallContext): boolean {
  return call.header(CallMetadata.DRY_RUN) === 'true';
}

/** Tells in the answer's metadata what a command did, or would do. */
export function tellOutcome(call: CallContext, plan: Omit<Plan, 'resource' | 'ops'>): void {
  call.setHeader(CallMetadata.OUTCOME, plan.outcome);
  if (plan.fields.length > 0) call.setHeader(CallMetadata.CHANGED_FIELDS, joined(plan.fields.map(encodeURIComponent)));
  if (plan.cascade !== undefined)
    call.setHeader(CallMetadata.CASCADE, joined(Object.entries(plan.cascade).map(([kind, count]) => `${kind}=${count}`)));
}

/** The messages of a page. Its successor's token goes into the answer's metadata. */
export function answerPage<R extends Resource>(kind: KindDefinition<R>, page: ListedPage, call: CallContext): R[] {
  if (page.nextPageToken !== undefined) call.setHeader(CallMetadata.NEXT_PAGE_TOKEN, page.nextPageToken);
  return page.rows.map((row) => fromRow(kind, row));
}

/** As many of the values as fit, whole. */
function joined(values: readonly string[]): string {
  let length = 0;
  return values.filter((value) => (length += value.length + 1) <= MAX_VALUE).join(',');
}
