import { defineCommand } from '../../command.js';

export const logs = defineCommand({
  name: 'logs',
  summary: "show the parts' logs, in the order of time",
  description: 'On a terminal it goes on until Ctrl-C; --no-follow shows what is there. In a pipe it is the other way round.',
  args: {},
  options: {
    component: { type: 'texts', short: 'c', value: 'NAME', summary: 'lines of this part: temporal, server, worker, agent-runner; may be repeated' },
    follow: { type: 'flag', short: 'f', summary: 'go on as lines are written' },
    tail: { type: 'number', short: 'n', min: 0, max: 1_000_000, default: 50, summary: 'how many lines of the past; 0 shows all' },
    since: { type: 'duration', summary: 'lines not older than this, such as 10m' },
    level: { type: 'text', value: 'LEVEL', choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'], summary: 'lines at least as severe' },
    grep: { type: 'text', value: 'PATTERN', summary: 'lines that match this regular expression' },
    all: { type: 'flag', summary: 'all parts, as without --component', hidden: true },
    stderr: { type: 'flag', summary: 'taken for existing scripts: both streams of a part are in one log', hidden: true },
  },
  formats: ['text', 'json', 'ndjson'],
  examples: [
    { command: 'stigmer server logs -c agent-runner --since 10m --level warn', meaning: 'what the runner complained about lately' },
    { command: 'stigmer server logs -f --grep timeout', meaning: 'as it comes' },
  ],
  async run(ctx, { options }) {
    const { showLogs } = await import('../../server/show-logs.js');
    await showLogs(ctx, options);
  },
});
