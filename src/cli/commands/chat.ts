import { defineCommand } from '../command.js';

export const chat = defineCommand({
  name: 'chat',
  summary: 'talk with an agent, turn by turn, in one session',
  description: 'Ctrl-C cancels a turn; at the question it ends the talk, as Ctrl-D and /exit do. In a pipe each line is a turn.',
  args: { agent: { summary: 'name or id of an agent', completes: 'agent' } },
  options: {
    session: { type: 'text', value: 'ID', summary: 'session to go on with; default: a new one' },
    model: { type: 'text', value: 'NAME', summary: 'model for these turns; default: that of the runner' },
    runtimeEnv: { type: 'texts', value: 'K=V', summary: 'a variable of each turn, as for `stigmer run`' },
    org: { type: 'text', value: 'ORG', summary: 'organization that the agent belongs to' },
    full: { type: 'flag', summary: 'show arguments and results of tool calls whole' },
  },
  formats: ['text', 'ndjson'],
  examples: [
    { command: 'stigmer chat code-reviewer', meaning: 'a new session' },
    { command: 'stigmer chat code-reviewer --session ses-01k…', meaning: 'goes on with an earlier one' },
  ],
  async run(ctx, { args, options }) {
    const { talk } = await import('../executions/talk.js');
    return talk(ctx, args.agent, options);
  },
});
