import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import type { Clock } from '../../contract/clock.js';
import { internal } from '../../contract/errors.js';
import type { Agent } from '../../contract/gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import type { AgentInstance } from '../../contract/gen/ai/stigmer/agentic/agentinstance/v1/api_pb.js';
import type { Session } from '../../contract/gen/ai/stigmer/agentic/session/v1/api_pb.js';
import type { Workflow } from '../../contract/gen/ai/stigmer/agentic/workflow/v1/api_pb.js';
import type { WorkflowInstance } from '../../contract/gen/ai/stigmer/agentic/workflowinstance/v1/api_pb.js';
import type { ApiResourceReference } from '../../contract/gen/ai/stigmer/commons/apiresource/io_pb.js';
import type { ResourceFilter, ResourceRow, Store, WriteOp } from '../../store/ports.js';
import type { Caller } from '../rpc.js';
import { planApply } from './apply.js';
import { planCreate } from './create.js';
import { adoptOrCreateDefaultChild } from './default-child.js';
import { type DeleteOptions, type Deletion, planChildrenDelete, planDelete } from './delete.js';
import { type EngineContext, engineContext, type EngineOptions, type PlanOptions } from './engine-context.js';
import { openEnvironment, openInstanceEnvironment, type OpenValues } from './environment-values.js';
import { everyPage } from './every-page.js';
import type { KindDefinition } from './kind.js';
import { agentKind } from './kinds/agent.js';
import { kindDefinitions } from './kinds/index.js';
import { sessionKind } from './kinds/session.js';
import { workflowKind } from './kinds/workflow.js';
import { type ListedPage, listPage, numberedPage, type PageAsked } from './list.js';
import { rowById, rowByReference } from './lookup.js';
import type { Plan } from './plan.js';
import { fromRow, metadataOf, type Resource } from './resource.js';
import { Serial } from './serial.js';
import { sessionDraft, type SessionRequest } from './session.js';
import { transact } from './transact.js';
import { planStatusChange, planUpdate } from './update.js';

export type Verb = 'create' | 'update' | 'apply';

const PLANNERS = { create: planCreate, update: planUpdate, apply: planApply } as const;

/** Executions handed over for deletion at a time. */
const EXECUTION_BATCH = 500;

/**
 * Every command and query on resources, once for all kinds. A command is planned, from what is stored at that moment, and then written
 * as one transaction. Whatever it gives out has its secret values shown as `***`, but for `openEnvironment` and `openInstanceEnvironment`.
 */
export class ResourceEngine {
  /** For the steps of single kinds. */
  readonly context: EngineContext;
  readonly #serial = new Serial();

  constructor(options: EngineOptions) {
    this.context = engineContext(options, kindDefinitions);
  }

  get store(): Store {
    return this.context.store;
  }

  get clock(): Clock {
    return this.context.clock;
  }

  /** Checks a request against the contract's rules. Throws INVALID_ARGUMENT that names every field at fault. */
  validate<D extends DescMessage>(schema: D, message: MessageShape<D>): void {
    this.context.validate(schema, message);
  }

  /** Throws NOT_FOUND `<Kind> not found: <id>`. */
  async get<R extends Resource>(kind: KindDefinition<R>, id: string): Promise<R> {
    return fromRow(kind, await this.row(kind, id));
  }

  /** The same as it is stored; `data` is the message that `get` gives, encoded. */
  async row(kind: KindDefinition, id: string): Promise<ResourceRow> {
    return rowById(this.store, kind, id);
  }

  /** By scope, organisation and slug. Throws NOT_FOUND, and INVALID_ARGUMENT for a reference that is not clear. */
  async getByReference<R extends Resource>(kind: KindDefinition<R>, reference: ApiResourceReference): Promise<R> {
    return fromRow(kind, await this.rowByReference(kind, reference));
  }

  async rowByReference(kind: KindDefinition, reference: ApiResourceReference): Promise<ResourceRow> {
    return rowByReference(this.store, kind, reference);
  }

  /** One page of the resources that match one of the filters, in order of their ids. */
  async list(kind: KindDefinition, filters: readonly ResourceFilter[], asked: PageAsked): Promise<ListedPage> {
    return listPage(this.store, kind.kind.enumName, filters, asked);
  }

  /** One page by its number, from 1; 0 is the first as well. */
  async numberedPage(
    kind: KindDefinition,
    filter: ResourceFilter,
    asked: { readonly num: number; readonly size: number },
  ): Promise<ListedPage> {
    return numberedPage(this.store, kind.kind.enumName, filter, asked);
  }

  /** Ids of the resources of a kind that belong to one parent. */
  async childIds(kind: KindDefinition, parent: string): Promise<string[]> {
    const ids: string[] = [];
    for await (const { id } of everyPage((page) => this.store.resources.list(kind.kind.enumName, { parent }, page))) ids.push(id);
    return ids;
  }

  /** Plans a command without writing it: for a dry run, or to be joined to others. */
  async plan<R extends Resource>(verb: Verb, kind: KindDefinition<R>, draft: R, caller: Caller): Promise<Plan<R>> {
    return PLANNERS[verb](this.context, kind, draft, caller);
  }

  /** Plans a new resource that may refer to those of plans before it. */
  async planCreate<R extends Resource>(kind: KindDefinition<R>, draft: R, caller: Caller, options?: PlanOptions): Promise<Plan<R>> {
    return planCreate(this.context, kind, draft, caller, options);
  }

  async planDelete<R extends Resource>(kind: KindDefinition<R>, id: string, caller: Caller, options?: DeleteOptions): Promise<Deletion<R>> {
    return planDelete(this.context, kind, id, caller, options);
  }

  /** Deletes the execution contexts of an execution that is about to be deleted. */
  async planChildrenDelete(executionId: string, caller: Caller): Promise<readonly WriteOp[]> {
    return planChildrenDelete(this.context, executionId, caller);
  }

  /**
   * The agent's default instance: the one that its status names, else one adopted by parent id, else a new one. The ops are empty
   * when the status is right as it is; else they set `status.default_instance_id` too. Throws NOT_FOUND when the agent is gone.
   */
  async ensureDefaultInstance(agent: Agent, caller: Caller): Promise<Plan<AgentInstance>> {
    return (await this.#ensureDefaultChild(agentKind, agent, caller)) as Plan<AgentInstance>;
  }

  /** The same for a workflow. */
  async ensureDefaultWorkflowInstance(workflow: Workflow, caller: Caller): Promise<Plan<WorkflowInstance>> {
    return (await this.#ensureDefaultChild(workflowKind, workflow, caller)) as Plan<WorkflowInstance>;
  }

  /** A session made by the server for an execution that names none. The plan that creates its instance, if there is one, goes into `after`. */
  async planSession(request: SessionRequest, caller: Caller, options?: PlanOptions): Promise<Plan<Session>> {
    return planCreate(this.context, sessionKind, sessionDraft(request, this.context.newId), caller, options);
  }

  /**
   * Plans, then writes the plan's ops in one transaction. When the store refuses because something changed since, plans anew, up to five
   * times. Plans of several resources, and changes that are no resources, are joined by joining their ops.
   */
  async transact<T extends { readonly ops: readonly WriteOp[] }>(plan: () => Promise<T>): Promise<T> {
    return transact(this.store, plan);
  }

  /**
   * Writes a planned command; commands on one subject take turns. `join` gives further changes for the same transaction, from the plan.
   * Nothing is written when nothing changes.
   */
  async write<R extends Resource>(
    subject: string,
    plan: () => Promise<Plan<R>>,
    join: (plan: Plan<R>) => readonly WriteOp[] = () => [],
  ): Promise<Plan<R>> {
    return this.#serial.run(subject, async () =>
      this.transact(async () => {
        const planned = await plan();
        return planned.ops.length === 0 ? planned : { ...planned, ops: [...planned.ops, ...join(planned)] };
      }),
    );
  }

  /**
   * Deletes a resource and what belongs to it. Executions go first, in batches: a crash in between leaves the resource, and the delete
   * can be repeated.
   */
  async delete<R extends Resource>(kind: KindDefinition<R>, id: string, caller: Caller, options?: DeleteOptions): Promise<Deletion<R>> {
    const cleanUp = await kind.cleanUp?.(this.store, id);
    const deletion = await this.transact(async () => {
      const plan = await this.planDelete(kind, id, caller, options);
      for (let start = 0; start < plan.executions.length; start += EXECUTION_BATCH) {
        await this.context.executions.deleteExecutions(plan.executions.slice(start, start + EXECUTION_BATCH), caller);
      }
      return plan;
    });
    await cleanUp?.();
    return deletion;
  }

  /** Variables of one resource, secrets in clear, by name: for the runner that has claimed its execution, and for no one else. */
  async openEnvironment(kind: KindDefinition, id: string): Promise<OpenValues> {
    return openEnvironment(this.context, kind, id);
  }

  /** What an instance runs with, secrets in clear: its parent's env_spec, and over it its environments in their order. */
  async openInstanceEnvironment(kind: KindDefinition, instance: Resource): Promise<OpenValues> {
    return openInstanceEnvironment(this.context, kind, instance);
  }

  async #ensureDefaultChild<P extends Resource>(kind: KindDefinition<P>, parent: P, caller: Caller): Promise<Plan> {
    const row = await this.row(kind, metadataOf(parent).id);
    const current = fromRow(kind, row);
    const named = kind.defaultChild?.get(current);
    const child = await adoptOrCreateDefaultChild(this.context, kind, current, caller);
    if (child === undefined) throw internal(`${kind.kind.name} has no default child`);
    if (kind.defaultChild?.get(current) === named) return child;
    const link = planStatusChange(this.context, kind, row, current, caller);
    return { ...child, ops: [...link.ops, ...child.ops] };
  }
}
