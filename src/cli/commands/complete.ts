import { type CommandGroup, defineCommand } from '../command.js';

/** Answers the shells' scripts: a line per candidate, word and meaning with a tabulator between. It never complains. */
export function completeCommand(tree: () => CommandGroup) {
  return defineCommand({
    name: '__complete',
    summary: 'words that may come next, for the scripts of `stigmer completion`',
    hidden: true,
    args: {},
    rest: 'words',
    options: {},
    formats: ['text'],
    examples: [],
    async run(ctx, { rest }) {
      const [{ candidatesFor, serverLookup }, { StigmerError }] = await Promise.all([import('../completion/candidates.js'), import('../../contract/errors.js')]);
      try {
        for (const { word, meaning } of await candidatesFor(tree(), rest, serverLookup(() => ctx.client()))) ctx.out.line(`${word}\t${meaning}`);
      } catch (error) {
        // No server, no names: the shell offers nothing.
        if (!(error instanceof StigmerError)) throw error;
      }
    },
  });
}
