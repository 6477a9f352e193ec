import type { AgentExecution } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { ApiResourceKind, resourceKind } from '../../contract/kinds.js';
import type { CliContext } from '../context.js';
import { ExitCode } from '../exit-codes.js';
import { createdAt } from '../resources/created-at.js';
import { findResource } from '../resources/find-resource.js';
import type { Kind } from '../resources/kinds.js';
import { cyan, dim } from '../terminal/output.js';
import { cleanLine } from '../terminal/text-cleaner.js';
import { follow } from '../transcript/follow.js';
import { createExecution } from './create-execution.js';
import { runtimeEnv } from './runtime-env.js';

export interface TalkOptions {
  readonly session: string | undefined;
  readonly model: string | undefined;
  readonly runtimeEnv: readonly string[];
  readonly org: string | undefined;
  readonly full: boolean | undefined;
}

const AGENT = resourceKind(ApiResourceKind.agent) as Kind;
const LAST_WORDS = ['/exit', '/quit'];

/** Turn after turn with an agent: a message, its answer to the end. Gives the exit code: that of the last turn. */
export async function talk(ctx: CliContext, nameOrId: string, options: TalkOptions): Promise<number> {
  const variables = await runtimeEnv(ctx, options.runtimeEnv);
  const client = await ctx.client();
  const agent = await findResource(client, AGENT, { nameOrId, org: options.org ?? (await ctx.config()).organization ?? '' });
  let sessionId = options.session;
  let code: number = ExitCode.DONE;
  if (ctx.format === 'text') ctx.err.line(dim(`Talking with ${cleanLine(agent.metadata?.name ?? nameOrId)}. Ctrl-D ends it.`));
  for (;;) {
    const said = (await ctx.readLine('💬 You: '))?.trim();
    if (said === undefined || LAST_WORDS.includes(said) || ctx.signal.aborted) break;
    if (said === '') continue;
    const execution = (await createExecution(ctx, client, {
      kind: 'agent',
      ownerId: agent.metadata?.id ?? '',
      org: agent.metadata?.org ?? '',
      message: said,
      runtimeEnv: variables,
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(options.model === undefined ? {} : { model: options.model }),
    })) as AgentExecution;
    sessionId = execution.spec?.sessionId || sessionId;
    const executionId = execution.metadata?.id ?? '';
    code = await follow(ctx, client, { executionId, kind: 'agent', createdAt: createdAt(execution), full: options.full === true, turn: true });
  }
  if (sessionId !== undefined && ctx.format === 'text') ctx.err.line(dim('To go on: '), cyan(`stigmer chat ${nameOrId} --session ${sessionId}`));
  return code === ExitCode.INTERRUPTED ? ExitCode.DONE : code;
}
