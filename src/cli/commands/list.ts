import { defineCommand } from '../command.js';

export const list = defineCommand({
  name: 'list',
  summary: 'list the resources of a kind',
  args: { kind: { summary: 'kind of the resources, such as agents, sessions or executions', completes: 'kind' } },
  options: {
    org: { type: 'text', value: 'ORG', summary: 'those of one organization only' },
    label: { type: 'texts', short: 'l', value: 'KEY=VALUE', summary: 'those that carry this label; may be repeated' },
    tag: { type: 'texts', value: 'TAG', summary: 'those that carry this tag; may be repeated' },
  },
  examples: [
    { command: 'stigmer list agents', meaning: 'all agents' },
    { command: 'stigmer list agents --label team=core -o ndjson', meaning: 'some of them, one JSON object a line' },
    { command: 'stigmer list executions', meaning: 'the latest runs, the same as `stigmer executions list`' },
  ],
  async run(ctx, { args, options }) {
    if (/^(executions?|runs)$/i.test(args.kind)) {
      const { listExecutions } = await import('../executions/list-executions.js');
      return listExecutions(ctx, { org: options.org ?? '' });
    }
    const [{ kindNamed }, { showResources }] = await Promise.all([import('../resources/kinds.js'), import('../resources/show-resources.js')]);
    const kind = kindNamed(args.kind, 'stigmer list');
    if (kind.enumName.endsWith('_execution')) {
      const { listExecutions } = await import('../executions/list-executions.js');
      return listExecutions(ctx, { org: options.org ?? '', kind: kind.enumName });
    }
    await showResources(ctx, kind, options);
  },
});
