import { defineCommand } from '../../command.js';

export const stop = defineCommand({
  name: 'stop',
  summary: 'stop the server and all that was started with it',
  description: 'Executions that are in progress are listed, and it asks whether to go on; --now does not ask. Stopping what does not run is no error.',
  args: {},
  options: { now: { type: 'flag', summary: 'do not ask about executions that are in progress' } },
  formats: ['text', 'json', 'ndjson'],
  examples: [{ command: 'stigmer server stop --now', meaning: 'in a script' }],
  async run(ctx, { options }) {
    const { stopServer } = await import('../../server/stop-server.js');
    return stopServer(ctx, { now: options.now === true, quiet: false });
  },
});
