import { defineCommand } from '../../command.js';

export const getExecution = defineCommand({
  name: 'get',
  summary: 'show an execution as it is now: its conversation, tool calls and end',
  args: { id: { summary: 'id of the execution', completes: 'execution' } },
  options: { full: { type: 'flag', summary: 'show arguments and results of tool calls whole' } },
  examples: [
    { command: 'stigmer executions get aex-01k…', meaning: 'the conversation' },
    { command: 'stigmer executions get aex-01k… -o json', meaning: 'everything, as JSON' },
  ],
  async run(ctx, { args, options }) {
    const [{ findExecution }, { showExecution }, client] = await Promise.all([import('../../executions/find-execution.js'), import('../../executions/show-execution.js'), ctx.client()]);
    await showExecution(ctx, await findExecution(client, args.id), { full: options.full === true });
  },
});
