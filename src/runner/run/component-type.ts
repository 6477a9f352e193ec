/** Tools whose view their name alone tells. */
const byName: Readonly<Record<string, string>> = {
  Shell: 'terminal',
  bash: 'terminal',
  sh: 'terminal',
  Read: 'preview',
  read_file: 'preview',
  view_file: 'preview',
  cat: 'preview',
  Write: 'editor',
  write_file: 'editor',
  edit_file: 'editor',
  StrReplace: 'editor',
  EditNotebook: 'editor',
  Grep: 'search',
  Glob: 'search',
  SemanticSearch: 'search',
  find: 'search',
  LS: 'filesystem',
  ls: 'filesystem',
  Delete: 'filesystem',
  task: 'subagent',
  write_todos: 'todo',
  TodoWrite: 'todo',
};

/** Kind of view for a tool call, by the tool's name: the original runner's table, in its order. */
export function componentType(tool: string): string {
  if (tool.startsWith('execute')) return 'terminal';
  const named = byName[tool];
  if (named === 'terminal') return named;
  if (tool.includes('kubectl') || tool.startsWith('k8s')) return 'kubernetes';
  if (named === 'preview' || named === 'editor' || named === 'search') return named;
  if (tool.includes('browser')) return 'browser';
  if (tool.startsWith('git')) return 'git';
  if (named === 'filesystem') return named;
  if (tool.includes('web') && tool.includes('search')) return 'web-search';
  return named ?? 'tool';
}
