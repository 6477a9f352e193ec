import { type ApplicationFailure, Context } from '@temporalio/activity';
import { followExecution } from '../../client/follow-execution.js';
import type { RpcClient } from '../../client/rpc-client.js';
import { CallMetadata } from '../../contract/call-metadata.js';
import { Code, StigmerError } from '../../contract/errors.js';
import { MessageType } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { AgentExecutionCommandController } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { AgentQueryController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { ApiResourceOwnerScope } from '../../contract/gen/ai/stigmer/commons/apiresource/enum_pb.js';
import { ExecutionControl } from '../../contract/gen/stigmer/execution/v1/execution_pb.js';
import { ApiResourceKind } from '../../contract/kinds.js';
import { Phase, phaseName } from '../../contract/phases.js';
import type { Json } from '../../workflow-document/json.js';
import type { AgentCall, RunReference } from './interpreter-activities.js';
import { workflowFailure } from './workflow-failure.js';

/** A cancellation arrives with the answer to a sign of life. */
const HEARTBEAT_MS = 1_000;

/**
 * One call of an agent: an execution made with a key of its own, so that every attempt finds the same one, and followed to its end. Gives
 * the last text of the agent. A cancelled call cancels the execution; one whose worker is lost leaves it to the next attempt.
 */
export async function callAgent(client: RpcClient, run: RunReference, call: AgentCall, secretNames: ReadonlySet<string>): Promise<Json> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
  try {
    const executionId = await started(client, run, call, secretNames);
    context.heartbeat();
    try {
      return await answerOf(client, executionId, call, context.cancellationSignal);
    } catch (error) {
      if (context.cancellationSignal.aborted && wasAsked(context)) await cancel(client, executionId, run);
      throw error;
    }
  } finally {
    clearInterval(beat);
  }
}

/** A worker that stops, and a run that is continued as new, leave the agent's execution alone. */
function wasAsked(context: Context): boolean {
  const { cancellationDetails } = context;
  return cancellationDetails?.cancelRequested === true || cancellationDetails?.timedOut === true;
}

async function started(client: RpcClient, run: RunReference, call: AgentCall, secretNames: ReadonlySet<string>): Promise<string> {
  try {
    const scope = call.scope === undefined ? undefined : ApiResourceOwnerScope[call.scope as keyof typeof ApiResourceOwnerScope];
    const reference = { org: run.org, kind: ApiResourceKind.agent, slug: call.agent, ...(scope === undefined ? {} : { scope }) };
    const agent = await client.unary(AgentQueryController.method.getByReference, reference);
    const runtimeEnv = Object.fromEntries(
      Object.entries(call.env).map(([name, value]) => [name, { value: typeof value === 'string' ? value : JSON.stringify(value), isSecret: secretNames.has(name) }]),
    );
    const draft = {
      apiVersion: 'agentic.stigmer.ai/v1',
      kind: 'AgentExecution',
      metadata: { name: `${call.agent}-${run.executionId}`, org: run.org },
      spec: {
        agentId: agent.metadata?.id ?? '',
        message: call.message,
        runtimeEnv,
        ...(call.model === undefined ? {} : { executionConfig: { modelName: call.model } }),
      },
    };
    const headers = { [CallMetadata.IDEMPOTENCY_KEY]: `workflow:${run.executionId}:${run.instance}`.slice(0, 200) };
    const { metadata } = await client.unary(AgentExecutionCommandController.method.create, draft, { headers });
    return metadata?.id ?? '';
  } catch (error) {
    throw refusal(call, StigmerError.from(error));
  }
}

const FINAL: readonly Code[] = [Code.INVALID_ARGUMENT, Code.NOT_FOUND, Code.PERMISSION_DENIED, Code.UNAUTHENTICATED, Code.FAILED_PRECONDITION, Code.UNIMPLEMENTED];

function refusal({ agent }: AgentCall, error: StigmerError): ApplicationFailure {
  const final = FINAL.includes(error.code);
  const kind = error.code === Code.PERMISSION_DENIED || error.code === Code.UNAUTHENTICATED ? 'authorization' : final ? 'configuration' : 'communication';
  return workflowFailure({ error: kind, detail: `agent ${agent} cannot be called: ${error.message}`, retryable: !final });
}

async function answerOf(client: RpcClient, executionId: string, { agent }: AgentCall, signal: AbortSignal): Promise<Json> {
  let answer = '';
  for await (const event of followExecution(client, executionId, { kind: 'agent', signal })) {
    if (event.type === 'state' && event.state.status.case === 'agent') {
      answer = event.state.status.value.messages.findLast(({ type, content }) => type === MessageType.MESSAGE_AI && content !== '')?.content ?? answer;
    }
    if (event.type !== 'end') continue;
    const { phase, error } = event.end;
    if (phase === (Phase.COMPLETED as number)) return answer;
    const ending = phase === (Phase.CANCELLED as number) ? 'was cancelled' : `ended as ${phaseName(phase)}`;
    throw workflowFailure({ error: 'runtime', title: 'agent failed', detail: `agent ${agent} ${ending}${error === '' ? '' : `: ${error}`}`, retryable: false, extensions: { executionId } });
  }
  signal.throwIfAborted();
  throw workflowFailure({ error: 'communication', detail: `the execution ${executionId} of agent ${agent} cannot be followed`, retryable: true });
}

async function cancel(client: RpcClient, executionId: string, run: RunReference): Promise<void> {
  try {
    await client.unary(ExecutionControl.method.cancel, { executionId, reason: `the workflow execution ${run.executionId} was cancelled` });
  } catch (error) {
    // It has ended by itself: that is what was wanted.
    const { code } = StigmerError.from(error);
    if (code !== Code.FAILED_PRECONDITION && code !== Code.NOT_FOUND) throw error;
  }
}
