import { defineCommand } from '../../command.js';
import { startOptions } from '../../server/start-options.js';

export const restart = defineCommand({
  name: 'restart',
  summary: 'stop the server and start it again',
  args: {},
  options: { ...startOptions, now: { type: 'flag', summary: 'do not ask about executions that are in progress' } },
  formats: ['text', 'json', 'ndjson'],
  examples: [{ command: 'stigmer server restart --now', meaning: 'in a script' }],
  async run(ctx, { options }) {
    const [{ stopServer }, { startServer }] = await Promise.all([import('../../server/stop-server.js'), import('../../server/start-server.js')]);
    const stopped = await stopServer(ctx, { now: options.now === true, quiet: true });
    if (stopped !== 0) return stopped;
    await startServer(ctx, options);
  },
});
