import { alreadyExists } from '../../contract/errors.js';
import { slugOf } from '../../contract/slug.js';
import type { Caller } from '../rpc.js';
import { planInsertion } from './create.js';
import type { EngineContext } from './engine-context.js';
import type { DefaultChildRule, KindDefinition } from './kind.js';
import type { Plan } from './plan.js';
import { fromRow, metadataOf, type Resource } from './resource.js';

/**
 * Makes sure that a parent has its default child: the one that its status names, else one of the parent's own children with the
 * default slug, else a new one. Writes the child's id into the parent's status and gives the child's plan, whose ops are empty unless
 * the child is new. Undefined for kinds without a default child.
 */
export async function adoptOrCreateDefaultChild<R extends Resource>(
  context: EngineContext,
  kind: KindDefinition<R>,
  parent: R,
  caller: Caller,
): Promise<Plan | undefined> {
  const rule = kind.defaultChild;
  if (rule === undefined) return undefined;
  const child = context.definition(rule.kind);
  const named = rule.get(parent);
  const known = named === '' ? undefined : await context.store.resources.get(child.kind.enumName, named);
  if (known?.parent === metadataOf(parent).id) return { resource: fromRow(child, known), ops: [], outcome: 'unchanged', fields: [] };
  const plan = await adoptOrCreate(context, rule, child, parent, caller);
  rule.set(parent, metadataOf(plan.resource).id);
  return plan;
}

async function adoptOrCreate<R extends Resource>(
  context: EngineContext,
  rule: DefaultChildRule<R>,
  child: KindDefinition,
  parent: R,
  caller: Caller,
): Promise<Plan> {
  const { id, org, name, slug } = metadataOf(parent);
  const unique = `${slug}-default-${id.split('-').at(-1)}`;
  // The first is the original's. Another resource may have that slug already, and then the parent's own slug or id tells them apart.
  for (const candidate of [slugOf(`${name}-default`), `${slug}-default`, unique]) {
    const row = await context.store.resources.getBySlug(child.kind.enumName, org, candidate);
    if (row !== undefined && row.parent !== id) continue;
    if (row !== undefined) return { resource: fromRow(child, row), ops: [], outcome: 'unchanged', fields: [] };
    const draft = rule.draft(parent);
    metadataOf(draft).slug = candidate;
    const planned: Plan = { resource: parent, ops: [], outcome: 'created', fields: [] };
    return planInsertion(context, child, draft, caller, { after: [planned] });
  }
  throw alreadyExists(child.kind.name, `slug '${unique}'`, '');
}
