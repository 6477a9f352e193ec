import { defineCommand } from '../../command.js';

export const watch = defineCommand({
  name: 'watch',
  summary: 'follow an execution to its end',
  description: 'Shows what was said so far, then everything as it happens. The exit code is that of `stigmer run`: 0 when it completes, 1 when it fails.',
  args: { id: { summary: 'id of the execution', completes: 'execution' } },
  options: { full: { type: 'flag', summary: 'show arguments and results of tool calls whole' } },
  examples: [
    { command: 'stigmer executions watch aex-01k…', meaning: 'Ctrl-C leaves it or cancels it' },
    { command: 'stigmer executions watch aex-01k… -o ndjson', meaning: 'one event a line' },
  ],
  async run(ctx, { args, options }) {
    const [{ findExecution }, { follow }, { createdAt }, client] = await Promise.all([
      import('../../executions/find-execution.js'),
      import('../../transcript/follow.js'),
      import('../../resources/created-at.js'),
      ctx.client(),
    ]);
    const { kind, execution } = await findExecution(client, args.id);
    return follow(ctx, client, { executionId: execution.metadata?.id ?? args.id, kind, createdAt: createdAt(execution), full: options.full === true });
  },
});
