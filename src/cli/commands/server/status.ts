import { defineCommand } from '../../command.js';

export const status = defineCommand({
  name: 'status',
  summary: 'show every part of the server: state, since when, address, restarts, memory, last error',
  description: 'The exit code is 0 when every part is ready, 1 when one is not, 4 when no server runs here.',
  args: {},
  options: { watch: { type: 'flag', short: 'w', summary: 'show it again every second, until Ctrl-C' } },
  examples: [
    { command: 'stigmer server status', meaning: 'once' },
    { command: 'stigmer server status -o json', meaning: 'for a program' },
  ],
  async run(ctx, { options }) {
    const { showStatus } = await import('../../server/show-status.js');
    return showStatus(ctx, { watch: options.watch === true });
  },
});
