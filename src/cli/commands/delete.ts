import { defineCommand } from '../command.js';

export const deleteCommand = defineCommand({
  name: 'delete',
  summary: 'delete a resource and what belongs to it',
  description: 'Deleting an agent takes its instances, their sessions and all their executions with it. It is asked for first; --yes does not ask.',
  args: { kind: { summary: 'kind of the resource, such as agent or session', completes: 'kind' }, name: { summary: 'its name or id', completes: 'resource' } },
  options: {
    yes: { type: 'flag', short: 'y', summary: 'do not ask' },
    org: { type: 'text', value: 'ORG', summary: 'organization that it belongs to' },
  },
  examples: [{ command: 'stigmer delete agent code-reviewer --yes', meaning: 'in a script' }],
  async run(ctx, { args, options }) {
    const { deleteResource } = await import('../resources/delete-resource.js');
    return deleteResource(ctx, { kind: args.kind, nameOrId: args.name, org: options.org, yes: options.yes === true });
  },
});
