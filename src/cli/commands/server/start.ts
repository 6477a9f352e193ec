import { defineCommand } from '../../command.js';
import { startOptions } from '../../server/start-options.js';

export const start = defineCommand({
  name: 'start',
  summary: 'start the server and all that it needs, and wait until each part is ready',
  description: 'Started again while it runs, it only says so. The parts: Temporal, the server, the workflow worker, the agent-runner. They run on when this command has ended.',
  args: {},
  options: startOptions,
  formats: ['text', 'json', 'ndjson'],
  examples: [
    { command: 'stigmer server', meaning: 'the same' },
    { command: 'stigmer server start --demo-model', meaning: 'without a model provider' },
    { command: 'stigmer server start --only agent-runner', meaning: 'brings back one part' },
  ],
  async run(ctx, { options }) {
    const { startServer } = await import('../../server/start-server.js');
    await startServer(ctx, options);
  },
});
