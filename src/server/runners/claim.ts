import { create } from '@bufbuild/protobuf';
import { Code, failedPrecondition, invalidArgument, notFound, permissionDenied, StigmerError } from '../../contract/errors.js';
import { type ClaimRequest, type ClaimResponse, ClaimResponseSchema } from '../../contract/gen/stigmer/runner/v1/runner_pb.js';
import { isTerminal, phaseName } from '../../contract/phases.js';
import type { ExecutionRow, Store } from '../../store/ports.js';
import { decodeExecution } from '../executions/execution-message.js';
import { openRuntime } from '../executions/runtime-secrets.js';
import type { ResourceEngine } from '../resources/engine.js';
import type { OpenValues } from '../resources/environment-values.js';
import { agentInstanceKind } from '../resources/kinds/agent-instance.js';
import { workflowInstanceKind } from '../resources/kinds/workflow-instance.js';
import type { CallContext } from '../rpc.js';
import type { Lease, LeaseRegistry } from './lease-registry.js';

export interface ClaimContext {
  readonly store: Store;
  readonly engine: ResourceEngine;
  readonly leases: LeaseRegistry;
  /** Queues whose runners may claim, by kind of execution. */
  readonly queues: Readonly<Record<ExecutionRow['kind'], string>>;
}

/**
 * Gives the variables of a run to the runner that has it: what its instance runs with, and over it those of the run itself. Once per
 * attempt, to a holder of a lease for that kind of work, and not after the end.
 */
export async function claim(context: ClaimContext, { executionId, attempt, leaseId }: ClaimRequest, call: CallContext): Promise<ClaimResponse> {
  if (executionId === '') throw invalidArgument('execution_id', 'must not be empty');
  if (attempt === 0) throw invalidArgument('attempt', 'must be at least 1');
  const lease = leaseOf(context, leaseId, call);
  const stored = await context.store.executions.get(executionId);
  if (stored === undefined) throw notFound('Execution', executionId);
  const { row, head } = stored;
  if (!lease.introduction.taskQueues.includes(context.queues[row.kind])) {
    throw permissionDenied(`${lease.introduction.name} takes no runs of this kind: it polls ${lease.introduction.taskQueues.join(', ')}`);
  }
  if (isTerminal(head.phase)) throw failedPrecondition(`the execution has ended as ${phaseName(head.phase)}`, { reason: 'EXECUTION_ENDED' });
  const worksElsewhere = context.leases.ofExecution(executionId);
  if (worksElsewhere !== undefined && worksElsewhere !== lease && attempt <= (head.source?.attempt ?? 1)) {
    throw permissionDenied(`${worksElsewhere.introduction.name} has attempt ${head.source?.attempt ?? 1} of this run`);
  }
  await noteClaim(context.store, executionId, attempt);
  lease.executionIds.add(executionId);
  return create(ClaimResponseSchema, await variablesOf(context, row));
}

function leaseOf({ leases }: ClaimContext, leaseId: string, call: CallContext): Lease {
  const lease = leases.get(leaseId);
  if (lease === undefined) throw failedPrecondition('the lease is not held any more: say Hello again', { reason: 'LEASE_LOST' });
  if (lease.token !== call.caller.name) throw permissionDenied(`the lease is held by ${lease.token}, and this is the token of ${call.caller.name}`);
  return lease;
}

async function noteClaim(store: Store, ownerId: string, attempt: number): Promise<void> {
  try {
    await store.write([{ op: 'claim-secrets', ownerId, attempt }]);
  } catch (error) {
    if (!(error instanceof StigmerError) || error.code !== Code.ALREADY_EXISTS) throw error;
    throw failedPrecondition(`attempt ${attempt} has claimed the variables of this run already; a new attempt may claim them anew`, {
      reason: 'ALREADY_CLAIMED',
      cause: error,
    });
  }
}

async function variablesOf({ store, engine }: ClaimContext, row: ExecutionRow) {
  const spec = decodeExecution(row.kind, row.data).spec;
  const own = openRuntime(spec?.runtimeEnv ?? {}, await store.secrets.open(row.id));
  const variables = new Map([...(await instanceValues(engine, row)), ...own]);
  return {
    runtimeEnv: Object.fromEntries([...variables].map(([name, { value }]) => [name, value])),
    secretNames: [...variables].flatMap(([name, { isSecret }]) => (isSecret ? [name] : [])),
  };
}

async function instanceValues(engine: ResourceEngine, { kind, instanceId }: ExecutionRow): Promise<OpenValues> {
  if (kind === 'agent_execution') return engine.openInstanceEnvironment(agentInstanceKind, await engine.get(agentInstanceKind, instanceId));
  return engine.openInstanceEnvironment(workflowInstanceKind, await engine.get(workflowInstanceKind, instanceId));
}
