import { defineCommand } from '../command.js';

export const cancel = defineCommand({
  name: 'cancel',
  summary: 'end a running execution as cancelled',
  description: 'What was said so far is kept. The request to the model and the tools of the run are ended.',
  args: { id: { summary: 'id of the execution', completes: 'execution' } },
  options: { reason: { type: 'text', value: 'TEXT', summary: 'why, for whoever reads the execution later' } },
  examples: [{ command: 'stigmer cancel aex-01k…', meaning: 'the id as `stigmer run` and `stigmer executions list` print it' }],
  async run(ctx, { args, options }) {
    const [{ ExecutionControl }, { writeValue }, { phaseName }, client] = await Promise.all([
      import('../../contract/gen/stigmer/execution/v1/execution_pb.js'),
      import('../terminal/write-value.js'),
      import('../../contract/phases.js'),
      ctx.client(),
    ]);
    const { execution } = await client.unary(ExecutionControl.method.cancel, { executionId: args.id, reason: options.reason ?? '' }, { signal: ctx.signal });
    const phase = phaseName(execution.value?.status?.phase ?? 0);
    if (ctx.format !== 'text') return writeValue(ctx.out, ctx.format, { executionId: args.id, phase: phase.replaceAll(' ', '_') });
    ctx.out.line(phase === 'cancelled' ? `⚠️ ${args.id} is cancelled` : `⚠️ ${args.id} is being cancelled (${phase})`);
  },
});
