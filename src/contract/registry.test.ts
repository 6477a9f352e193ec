import { readdirSync } from 'node:fs';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { contractFiles, messageSchema } from './registry.js';

it('holds every file of the contract', () => {
  const proto = fileURLToPath(new URL('../../proto/', import.meta.url));
  const files = readdirSync(proto, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.proto'));
  const held = new Set(contractFiles.map((file) => `${file.name}.proto`));
  expect(files.map((path) => path.split(sep).join('/')).filter((path) => !held.has(path))).toEqual([]);
});

it('finds a message by its full name', () => {
  expect(messageSchema('ai.stigmer.agentic.workflow.v1.tasks.ForTaskConfig')?.name).toBe('ForTaskConfig');
  expect(messageSchema('ai.stigmer.Nothing')).toBeUndefined();
});
