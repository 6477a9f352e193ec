import { alreadyExists } from '../../contract/errors.js';
import type { Caller } from '../rpc.js';
import { planInsertion } from './create.js';
import type { EngineContext } from './engine-context.js';
import type { KindDefinition } from './kind.js';
import type { Plan } from './plan.js';
import { metadataOf, type Resource } from './resource.js';
import { findExisting, planReplacement } from './update.js';
import { validateDraft } from './validate.js';

/**
 * Plans what makes the stored resource as the draft says: a creation when there is none of its id, and none of its slug in its
 * organisation, else a replacement.
 */
export async function planApply<R extends Resource>(
  context: EngineContext,
  kind: KindDefinition<R>,
  draft: R,
  caller: Caller,
): Promise<Plan<R>> {
  validateDraft(context, kind, draft);
  const row = await findExisting(context, kind, metadataOf(draft));
  if (row === undefined) return planInsertion(context, kind, draft, caller);
  if (kind.applyCreatesOnly === true) throw alreadyExists(kind.kind.name, `slug '${row.slug}'`, row.id);
  return planReplacement(context, kind, draft, row, caller);
}
