import { expect, it } from 'vitest';
import { componentType } from './component-type.js';

it.each([
  ['execute', 'terminal'],
  ['kubectl_apply', 'kubernetes'],
  ['k8s_list', 'kubernetes'],
  ['read_file', 'preview'],
  ['write_file', 'editor'],
  ['Grep', 'search'],
  ['grep', 'tool'],
  ['browser_click', 'browser'],
  ['git_log', 'git'],
  ['ls', 'filesystem'],
  ['my_web_search', 'web-search'],
  ['task', 'subagent'],
  ['write_todos', 'todo'],
  ['anything', 'tool'],
])('shows %s as %s', (tool, type) => {
  expect(componentType(tool)).toBe(type);
});
