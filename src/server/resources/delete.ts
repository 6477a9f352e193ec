import { failedPrecondition } from '../../contract/errors.js';
import { resourceKind } from '../../contract/kinds.js';
import type { ResourceRow, WriteOp } from '../../store/ports.js';
import type { Caller } from '../rpc.js';
import { recordChange } from './changes.js';
import type { EngineContext } from './engine-context.js';
import type { KindDefinition } from './kind.js';
import { everyPage } from './every-page.js';
import { rowById } from './lookup.js';
import type { Plan } from './plan.js';
import { fromRow, type Resource } from './resource.js';
import { planStatusChange } from './update.js';

/** Referrers looked at. */
const MAX_REFERRERS = 500;

/** Referrers that a refusal names. */
const NAMED = 10;

export interface DeleteOptions {
  /** Delete although others refer to it by a required reference, which is then left dangling. */
  readonly force?: boolean;
}

/** A planned deletion. The executions are not among the ops: they go first, by their own way. */
export interface Deletion<R extends Resource = Resource> extends Plan<R> {
  readonly executions: readonly string[];
}

/**
 * Plans the deletion of a resource and of everything that belongs to it. Throws NOT_FOUND, and FAILED_PRECONDITION naming who refers
 * to one of them by a required reference from outside.
 */
export async function planDelete<R extends Resource>(
  context: EngineContext,
  kind: KindDefinition<R>,
  id: string,
  caller: Caller,
  options: DeleteOptions = {},
): Promise<Deletion<R>> {
  const root = await rowById(context.store, kind, id);
  const nodes = await descendants(context, kind, root);
  if (options.force !== true) await assertUnreferenced(context, nodes);
  const executions = await executionsOf(context, nodes);
  const now = context.clock.now();
  const ops = nodes.toReversed().flatMap((node) => removal(context, node, caller, now, options));
  return {
    resource: fromRow(kind, root),
    outcome: 'deleted',
    fields: [],
    cascade: countKinds(nodes, executions),
    executions: [...executions.keys()],
    ops: [...ops, ...(await forgetDefaultChild(context, kind, root, caller))],
  };
}

/** Changes that delete what belongs to an execution, which is deleted by its own way. */
export async function planChildrenDelete(context: EngineContext, executionId: string, caller: Caller): Promise<readonly WriteOp[]> {
  const nodes: Node[] = [];
  for (const kind of context.definitions.filter(({ parent }) => parent !== undefined && parent.kind === undefined)) {
    nodes.push(...(await children(context, kind, executionId)));
  }
  const now = context.clock.now();
  return nodes.flatMap((node) => removal(context, node, caller, now, {}));
}

interface Node {
  readonly kind: KindDefinition;
  readonly row: Pick<ResourceRow, 'kind' | 'id' | 'org'>;
}

/** The resource and all that goes with it, parents before their children. */
async function descendants(context: EngineContext, kind: KindDefinition, root: ResourceRow): Promise<Node[]> {
  const nodes: Node[] = [{ kind, row: root }];
  for (let next = 0; next < nodes.length; next++) {
    const parent = nodes[next]!;
    for (const child of context.childrenOf(parent.kind.kind.kind)) nodes.push(...(await children(context, child, parent.row.id)));
  }
  return nodes;
}

async function children({ store }: EngineContext, kind: KindDefinition, parent: string): Promise<Node[]> {
  const nodes: Node[] = [];
  const pages = everyPage((page) => store.resources.list(kind.kind.enumName, { parent }, page));
  for await (const { kind: name, id, org } of pages) nodes.push({ kind, row: { kind: name, id, org } });
  return nodes;
}

async function assertUnreferenced(context: EngineContext, nodes: readonly Node[]): Promise<void> {
  const going = new Set(nodes.map(({ row }) => row.id));
  for (const { kind, row } of nodes.filter((node) => context.isReferable(node.kind.kind.kind))) {
    const found = await context.store.resources.referrers(row.kind, row.id, MAX_REFERRERS);
    const blocking = found.filter(({ row: referrer, link }) => link.required && !going.has(referrer.id));
    if (blocking.length === 0) continue;
    const named = blocking
      .slice(0, NAMED)
      .map(({ row: referrer, link }) => `${referrer.kind} '${referrer.slug}' (${referrer.id}, ${link.field})`);
    const more = blocking.length > NAMED ? ' and more' : '';
    throw failedPrecondition(
      `${kind.kind.name} ${row.id} is in use by ${named.join(', ')}${more}; change or delete them first, or delete with force`,
      {
        reason: 'STILL_REFERENCED',
        metadata: {
          kind: kind.kind.name,
          id: row.id,
          referrers: blocking
            .slice(0, NAMED)
            .map(({ row: referrer }) => referrer.id)
            .join(),
        },
      },
    );
  }
}

/** Executions that go with the resources: id to kind. */
async function executionsOf({ store }: EngineContext, nodes: readonly Node[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { kind, row } of nodes) {
    if (kind.executions === undefined) continue;
    const filter = { [kind.executions]: row.id };
    for await (const { row: execution } of everyPage((page) => store.executions.list(filter, page)))
      found.set(execution.id, execution.kind);
  }
  return found;
}

function removal(context: EngineContext, { kind, row }: Node, caller: Caller, now: number, { force = false }: DeleteOptions): WriteOp[] {
  const ops: WriteOp[] = [];
  const number = kind.kind.kind;
  if (kind.executions !== undefined || context.childrenOf(number).length > 0) ops.push({ op: 'require-childless', id: row.id });
  if (!force && context.isReferable(number)) ops.push({ op: 'require-unreferenced', kind: row.kind, id: row.id });
  ops.push({ op: 'delete-resource', kind: row.kind, id: row.id });
  if (kind.secrets !== undefined) ops.push({ op: 'delete-secrets', ownerId: row.id });
  return [...ops, recordChange(row, 'deleted', caller, now)];
}

/** When a parent's default child is deleted by itself, the parent's status names it no more. */
async function forgetDefaultChild(
  context: EngineContext,
  kind: KindDefinition,
  row: ResourceRow,
  caller: Caller,
): Promise<readonly WriteOp[]> {
  if (kind.parent?.kind === undefined) return [];
  const owner = context.definition(kind.parent.kind);
  const parentRow = await context.store.resources.get(resourceKind(kind.parent.kind).enumName, row.parent);
  if (owner.defaultChild?.kind !== kind.kind.kind || parentRow === undefined) return [];
  const parent = fromRow(owner, parentRow);
  if (owner.defaultChild.get(parent) !== row.id) return [];
  owner.defaultChild.set(parent, '');
  return planStatusChange(context, owner, parentRow, parent, caller).ops;
}

function countKinds(nodes: readonly Node[], executions: ReadonlyMap<string, string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of [...nodes.slice(1).map(({ row }) => row.kind), ...executions.values()]) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
