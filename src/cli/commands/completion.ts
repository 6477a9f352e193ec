import { defineCommand } from '../command.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const completion = defineCommand({
  name: 'completion',
  summary: 'print the script that completes commands, names and ids in your shell',
  args: { shell: { summary: 'bash, zsh or fish', completes: 'shell' } },
  options: {},
  formats: ['text'],
  examples: [
    { command: 'source <(stigmer completion bash)', meaning: 'in ~/.bashrc' },
    { command: 'source <(stigmer completion zsh)', meaning: 'in ~/.zshrc, after compinit' },
    { command: 'stigmer completion fish > ~/.config/fish/completions/stigmer.fish', meaning: 'once' },
  ],
  async run(ctx, { args }) {
    const [{ SCRIPTS }, { usageError }] = await Promise.all([import('../completion/scripts.js'), import('../usage-error.js')]);
    const shell = SHELLS.find((name) => name === args.shell);
    if (shell === undefined) throw usageError(`'${args.shell}' must be one of ${SHELLS.join(', ')}`, 'stigmer completion');
    ctx.out.write(SCRIPTS[shell]);
  },
});
