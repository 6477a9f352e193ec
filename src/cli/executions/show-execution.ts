import { create } from '@bufbuild/protobuf';
import { ExecutionStateSchema } from '../../contract/gen/stigmer/stream/v1/event_pb.js';
import type { AgentExecution } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import type { WorkflowExecution } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import type { CliContext } from '../context.js';
import { createdAt } from '../resources/created-at.js';
import { resourceValue } from '../resources/resource-value.js';
import { dim } from '../terminal/output.js';
import { writeValue } from '../terminal/write-value.js';
import { viewFor } from '../transcript/follow.js';
import { summarize } from '../transcript/summary.js';
import { Transcript } from '../transcript/transcript.js';
import type { FoundExecution } from './find-execution.js';

/** Writes an execution as it is now: its conversation for a person, the resource for a program. */
export async function showExecution(ctx: CliContext, { kind, resourceKind, execution }: FoundExecution, options: { readonly full: boolean }): Promise<void> {
  if (ctx.format !== 'text') return writeValue(ctx.out, ctx.format, resourceValue(resourceKind, execution));
  const created = createdAt(execution);
  const id = execution.metadata?.id ?? '';
  ctx.out.line(`Execution ID: ${id}`, dim(created === undefined ? '' : `  created ${new Date(created).toISOString()}`));
  const state = create(
    ExecutionStateSchema,
    kind === 'agent'
      ? { status: { case: 'agent', value: (execution as AgentExecution).status ?? {} } }
      : { status: { case: 'workflow', value: (execution as WorkflowExecution).status ?? {} } },
  );
  const view = viewFor(ctx, { full: options.full, createdAt: created });
  for (const event of new Transcript().state(state)) view.show(event);
  await view.finish(summarize(id, state, { createdAt: created }));
}
