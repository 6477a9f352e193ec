import type { MessageInitShape } from '@bufbuild/protobuf';
import { Backoff } from '../../client/backoff.js';
import type { RpcClient } from '../../client/rpc-client.js';
import { UNREACHABLE } from '../../client/unreachable.js';
import { wait } from '../../client/wait.js';
import { CallMetadata } from '../../contract/call-metadata.js';
import { StigmerError } from '../../contract/errors.js';
import type { AgentExecution } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import type { ExecutionValueSchema } from '../../contract/gen/ai/stigmer/agentic/executioncontext/v1/spec_pb.js';
import type { WorkflowExecution } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { WorkflowExecutionCommandController } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/command_pb.js';
import { ApiResourceOwnerScope } from '../../contract/gen/ai/stigmer/commons/apiresource/enum_pb.js';
import { ApiResourceKind, resourceKind } from '../../contract/kinds.js';
import type { CliContext } from '../context.js';
import { yellow } from '../terminal/output.js';

/** What is run, with what. */
export interface NewExecution {
  readonly kind: 'agent' | 'workflow';
  /** Id of the agent or workflow. */
  readonly ownerId: string;
  readonly org: string;
  readonly message: string;
  readonly runtimeEnv: Readonly<Record<string, MessageInitShape<typeof ExecutionValueSchema>>>;
  readonly sessionId?: string;
  readonly model?: string;
}

/** How often a create whose answer was lost is repeated, over about ten seconds. */
const TRIES = 6;

/**
 * Starts an execution. When the connection is lost before the answer came, the request is repeated under the same idempotency key, so
 * that there is one execution however often it was sent.
 */
export async function createExecution(ctx: CliContext, client: RpcClient, wanted: NewExecution): Promise<AgentExecution | WorkflowExecution> {
  const options = { headers: { [CallMetadata.IDEMPOTENCY_KEY]: ctx.newKey() }, signal: ctx.signal };
  const backoff = new Backoff({ initialMs: 300, maxMs: 4_000 });
  for (let tries = 1; ; tries++) {
    try {
      return await (wanted.kind === 'agent' ? createAgentExecution(ctx, client, wanted, options) : createWorkflowExecution(ctx, client, wanted, options));
    } catch (error) {
      const known = StigmerError.from(error);
      if (known.reason !== UNREACHABLE || tries === TRIES || ctx.signal.aborted) throw known;
      if (tries === 1) ctx.err.line(yellow(`connection to ${client.endpoint} lost before it answered, asking again…`));
      await wait(ctx.clock, backoff.next(), ctx.signal);
    }
  }
}

type Options = NonNullable<Parameters<RpcClient['unary']>[2]>;

async function createAgentExecution(ctx: CliContext, client: RpcClient, wanted: NewExecution, options: Options): Promise<AgentExecution> {
  const { name, apiVersion } = resourceKind(ApiResourceKind.agent_execution);
  return client.unary(
    AgentExecutionCommandController.method.create,
    {
      apiVersion,
      kind: name,
      metadata: { name: executionName(ctx), org: wanted.org },
      spec: {
        agentId: wanted.ownerId,
        ...(wanted.sessionId === undefined ? {} : { sessionId: wanted.sessionId }),
        message: wanted.message,
        runtimeEnv: { ...wanted.runtimeEnv },
        ...(wanted.model === undefined ? {} : { executionConfig: { modelName: wanted.model } }),
      },
    },
    options,
  );
}

async function createWorkflowExecution(ctx: CliContext, client: RpcClient, wanted: NewExecution, options: Options): Promise<WorkflowExecution> {
  const { name, apiVersion } = resourceKind(ApiResourceKind.workflow_execution);
  return client.unary(
    WorkflowExecutionCommandController.method.create,
    {
      apiVersion,
      kind: name,
      metadata: { name: executionName(ctx), org: wanted.org, ownerScope: ApiResourceOwnerScope.organization },
      spec: { workflowId: wanted.ownerId, triggerMessage: wanted.message, runtimeEnv: { ...wanted.runtimeEnv } },
    },
    options,
  );
}

/** As the original names them: with the time in microseconds. Names need not be unique. */
function executionName({ clock }: CliContext): string {
  return `execution-${clock.now()}000`;
}
