import { defineCommand } from '../command.js';

export const get = defineCommand({
  name: 'get',
  summary: 'show one resource',
  description: 'Writes YAML, which `stigmer apply` takes again. Secret values are shown as ***.',
  args: { kind: { summary: 'kind of the resource, such as agent or session', completes: 'kind' }, name: { summary: 'its name or id', completes: 'resource' } },
  options: { org: { type: 'text', value: 'ORG', summary: 'organization that it belongs to' } },
  formats: ['yaml', 'json', 'ndjson'],
  examples: [
    { command: 'stigmer get agent code-reviewer', meaning: 'as YAML' },
    { command: 'stigmer get session ses-01k… -o json', meaning: 'as JSON' },
  ],
  async run(ctx, { args, options }) {
    const [{ kindNamed }, { findResource }, { resourceValue }, { writeValue }] = await Promise.all([
      import('../resources/kinds.js'),
      import('../resources/find-resource.js'),
      import('../resources/resource-value.js'),
      import('../terminal/write-value.js'),
    ]);
    const kind = kindNamed(args.kind, 'stigmer get');
    const client = await ctx.client();
    const org = options.org ?? (await ctx.config()).organization ?? '';
    const resource = await findResource(client, kind, { nameOrId: args.name, org });
    await writeValue(ctx.out, ctx.format === 'text' ? 'yaml' : ctx.format, resourceValue(kind, resource));
  },
});
