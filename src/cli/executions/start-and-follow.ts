import { type RpcClient } from '../../client/rpc-client.js';
import { type AgentExecution, AgentExecutionSchema } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { type WorkflowExecution, WorkflowExecutionSchema } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { ApiResourceKind, resourceKind } from '../../contract/kinds.js';
import { toProtoJson } from '../../contract/proto-json.js';
import type { AnyResource } from '../../contract/resource-schemas.js';
import type { CliContext } from '../context.js';
import { ExitCode } from '../exit-codes.js';
import { createdAt } from '../resources/created-at.js';
import { findAmong } from '../resources/find-resource.js';
import type { Kind } from '../resources/kinds.js';
import { jsonText } from '../terminal/json.js';
import { cyan, green } from '../terminal/output.js';
import { cleanLine } from '../terminal/text-cleaner.js';
import { writeValue } from '../terminal/write-value.js';
import { usageError } from '../usage-error.js';
import { createExecution } from './create-execution.js';
import { runMessage } from './run-message.js';
import { runtimeEnv } from './runtime-env.js';

export interface RunOptions {
  readonly message: string | undefined;
  readonly runtimeEnv: readonly string[];
  readonly follow: boolean;
  readonly org: string | undefined;
  readonly kind: 'agent' | 'workflow' | undefined;
  readonly session: string | undefined;
  readonly model: string | undefined;
  readonly full: boolean | undefined;
}

const KINDS = [resourceKind(ApiResourceKind.agent), resourceKind(ApiResourceKind.workflow)] as readonly Kind[];

/** Finds what to run, starts it, says its id at once, and follows it. Gives the exit code. */
export async function startAndFollow(ctx: CliContext, nameOrId: string, options: RunOptions): Promise<number> {
  const [message, variables] = [await runMessage(ctx, options.message), await runtimeEnv(ctx, options.runtimeEnv)];
  const client = await ctx.client();
  const { kind, resource } = await findRunnable(ctx, client, nameOrId, options);
  const isAgent = kind.kind === ApiResourceKind.agent;
  if (!isAgent && (options.session !== undefined || options.model !== undefined)) throw usageError('--session and --model are for agents; this is a workflow', 'stigmer run');
  const execution = await createExecution(ctx, client, {
    kind: isAgent ? 'agent' : 'workflow',
    ownerId: resource.metadata?.id ?? '',
    org: resource.metadata?.org ?? '',
    message,
    runtimeEnv: variables,
    ...(options.session === undefined ? {} : { sessionId: options.session }),
    ...(options.model === undefined ? {} : { model: options.model }),
  });
  const executionId = execution.metadata?.id ?? '';
  await announce(ctx, { isAgent, name: resource.metadata?.name ?? nameOrId, executionId, execution, follow: options.follow });
  if (!options.follow) return ExitCode.DONE;
  // Loaded only now: the id is on the screen before what shows the rest.
  const { follow } = await import('../transcript/follow.js');
  return follow(ctx, client, { executionId, kind: isAgent ? 'agent' : 'workflow', createdAt: createdAt(execution), full: options.full === true });
}

async function findRunnable(ctx: CliContext, client: RpcClient, nameOrId: string, options: RunOptions): Promise<{ kind: Kind; resource: AnyResource }> {
  const kinds = KINDS.filter(({ enumName }) => options.kind === undefined || enumName === options.kind);
  const org = options.org ?? (await ctx.config()).organization ?? '';
  const found = await findAmong(client, kinds, { nameOrId, org });
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const lines = found.map(({ kind, resource }) => `  ${kind.enumName.padEnd(8)}  ${resource.metadata?.id ?? ''}  stigmer run ${nameOrId} --kind ${kind.enumName}`);
  throw usageError(`'${nameOrId}' is the name of an agent and of a workflow:\n${lines.join('\n')}`, 'stigmer run');
}

interface Announcement {
  readonly isAgent: boolean;
  readonly name: string;
  readonly executionId: string;
  readonly execution: AgentExecution | WorkflowExecution;
  readonly follow: boolean;
}

async function announce({ out, err, format }: CliContext, { isAgent, name, executionId, execution, follow: following }: Announcement): Promise<void> {
  const what = isAgent ? 'agent' : 'workflow';
  if (format === 'text') {
    out.line(green('✓'), ` Execution started: ${what} ${cleanLine(name)}`);
    out.line(`Execution ID: ${executionId}`);
    if (!following) out.line('  → ', cyan(`stigmer executions watch ${executionId}`));
    return;
  }
  const value = isAgent ? toProtoJson(AgentExecutionSchema, execution as AgentExecution) : toProtoJson(WorkflowExecutionSchema, execution as WorkflowExecution);
  if (!following) await writeValue(out, format, value);
  else if (format === 'ndjson') out.line(jsonText({ type: 'execution', executionId, [what]: name }));
  // The result comes at the end; the id is of use before.
  else err.line(jsonText({ executionId }));
}
