import { defineCommand } from '../../command.js';

export const listCommand = defineCommand({
  name: 'list',
  summary: 'list executions, the newest last',
  args: {},
  options: {
    phase: { type: 'texts', value: 'PHASE', summary: 'those in this phase: pending, in-progress, completed, failed, cancelled; may be repeated' },
    session: { type: 'text', value: 'ID', summary: 'those of one session' },
    owner: { type: 'text', value: 'ID', summary: 'those of one agent or workflow' },
    org: { type: 'text', value: 'ORG', summary: 'those of one organization' },
    limit: { type: 'number', short: 'n', min: 0, max: 10_000, default: 50, summary: 'how many at most; 0 shows all' },
  },
  examples: [
    { command: 'stigmer executions', meaning: 'the newest 50' },
    { command: 'stigmer executions list --phase pending --phase in-progress', meaning: 'what is under way' },
  ],
  async run(ctx, { options }) {
    const { listExecutions } = await import('../../executions/list-executions.js');
    const { phase, session, owner, org, limit } = options;
    await listExecutions(ctx, { phases: phase, limit, ...(session !== undefined && { session }), ...(owner !== undefined && { owner }), ...(org !== undefined && { org }) });
  },
});
