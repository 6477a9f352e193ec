import { defineCommand } from '../command.js';

export const apply = defineCommand({
  name: 'apply',
  summary: 'create and update resources from manifests',
  description:
    'A manifest is a resource in YAML or JSON: apiVersion, kind, metadata, spec. A file may hold several, separated by ---. All are checked before anything is changed, ' +
    'and applied in the order in which they refer to each other.',
  args: {},
  options: {
    file: { type: 'texts', short: 'f', value: 'PATH', summary: 'file or folder with manifests, - for standard input; may be repeated' },
    config: { type: 'text', value: 'PATH', summary: 'the same as --file', hidden: true },
    dryRun: { type: 'flag', summary: 'say what would change, and change nothing' },
    org: { type: 'text', value: 'ORG', summary: "organization of manifests that name none (default: the configuration's, or local)" },
  },
  examples: [
    { command: 'stigmer apply -f examples/', meaning: 'every manifest in a folder' },
    { command: 'stigmer apply -f agent.yaml --dry-run', meaning: 'which fields would change' },
  ],
  async run(ctx, { options }) {
    const { runApply } = await import('../manifests/run-apply.js');
    const files = options.config === undefined ? options.file : [...options.file, options.config];
    await runApply(ctx, { files, dryRun: options.dryRun === true, org: options.org });
  },
});
