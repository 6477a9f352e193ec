import { defineCommand } from '../../command.js';

export const executionLogs = defineCommand({
  name: 'logs',
  summary: 'show what the parts of the server on this machine logged about an execution',
  args: { id: { summary: 'id of the execution', completes: 'execution' } },
  options: { follow: { type: 'flag', short: 'f', default: false, summary: 'go on as lines are written' } },
  formats: ['text', 'json', 'ndjson'],
  examples: [{ command: 'stigmer executions logs aex-01k…', meaning: 'from all parts, in the order of time' }],
  async run(ctx, { args, options }) {
    const { showLogs } = await import('../../server/show-logs.js');
    // Every line that is about an execution has its id in it.
    const grep = args.id.replaceAll(/[^\w-]/g, '\\$&');
    await showLogs(ctx, { component: [], follow: options.follow, tail: 0, since: undefined, level: undefined, grep, all: undefined, stderr: undefined });
  },
});
