import { defineCommand } from '../command.js';

export const run = defineCommand({
  name: 'run',
  summary: 'run an agent or a workflow and follow it to its end',
  description:
    'Prints the id of the execution at once, then what the agent says as it is written, its tool calls with their results, and why nothing moves when nothing does. ' +
    'Ctrl-C asks whether to detach or to cancel. The exit code is 0 when the execution completes, 1 when it fails or is cancelled, 130 when you leave it.',
  args: { name: { summary: 'name or id of an agent or a workflow', completes: 'runnable' } },
  options: {
    message: { type: 'text', short: 'm', value: 'TEXT', summary: 'what to say: a text, @FILE, or - for standard input' },
    runtimeEnv: { type: 'texts', value: 'K=V', summary: 'a variable of this run; secret:K=V is kept secret, K and secret:K take the value from the environment or ask' },
    follow: { type: 'flag', default: true, summary: 'follow the execution; --no-follow only starts it' },
    org: { type: 'text', value: 'ORG', summary: 'organization that the agent or workflow belongs to' },
    kind: { type: 'text', value: 'KIND', choices: ['agent', 'workflow'], summary: 'agent or workflow, when a name is that of both' },
    session: { type: 'text', value: 'ID', summary: 'session to say it in (agents); default: a new one' },
    model: { type: 'text', value: 'NAME', summary: 'model for this run (agents); default: that of the runner' },
    full: { type: 'flag', summary: 'show arguments and results of tool calls whole' },
  },
  examples: [
    { command: 'stigmer run code-reviewer -m "Review this: if (a = 1) {}"', meaning: 'runs an agent' },
    { command: 'git diff | stigmer run code-reviewer -m -', meaning: 'says what comes on standard input' },
    { command: 'stigmer run deploy --runtime-env secret:API_TOKEN --no-follow', meaning: 'starts a workflow; the value of API_TOKEN comes from the environment' },
    { command: 'stigmer run code-reviewer -m hi -o ndjson', meaning: 'one event a line, for programs' },
  ],
  async run(ctx, input) {
    const { startAndFollow } = await import('../executions/start-and-follow.js');
    return startAndFollow(ctx, input.args.name, input.options);
  },
});
