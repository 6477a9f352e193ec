import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { cliEnvironment, terminalEnvironment } from '../src/cli/env.js';
import type { EnvironmentSchema, Variable } from '../src/contract/environment.js';
import { supervisorEnvironment } from '../src/daemon/env.js';
import { environment as demoModelEnvironment } from '../src/demo-model/env.js';
import { environment as runnerEnvironment } from '../src/runner/env.js';
import { serverEnvironment } from '../src/server/env.js';
import { workerEnvironment } from '../src/workflows/worker/env.js';

const root = resolve(import.meta.dirname, '..');
const page = resolve(root, 'docs', 'reference', 'environment.md');

const programs: readonly { readonly title: string; readonly about: string; readonly variables: EnvironmentSchema }[] = [
  { title: 'stigmer, the command line', about: 'Read by each command.', variables: { ...cliEnvironment.variables, ...terminalEnvironment.variables } },
  { title: 'The supervisor', about: 'Read by `stigmer server start` and `stigmer-server start`, which compute from it what the programs below get.', variables: supervisorEnvironment.variables },
  { title: 'The server', about: 'Set by the supervisor.', variables: serverEnvironment.variables },
  { title: 'The workflow worker', about: 'Set by the supervisor.', variables: workerEnvironment.variables },
  { title: 'The agent-runner', about: 'Set by the supervisor, in a container or a process.', variables: runnerEnvironment.variables },
  { title: 'The demo model', about: 'Set by the supervisor.', variables: demoModelEnvironment.variables },
];

/** A default that lies in the home of whoever runs the tests is written as a person would. */
function defaultOf(variable: Variable): string {
  if (variable.required === true) return '**required**';
  if (!('default' in variable) || variable.default === undefined) return '';
  const text = String(variable.default);
  if (text.startsWith(root)) return 'beside the program';
  return `\`${text.replace(homedir(), '~')}\``;
}

function row([name, variable]: [string, Variable]): string {
  const aliases = variable.aliases === undefined ? '' : `, also \`${variable.aliases.join('`, `')}\``;
  const kind = variable.type === 'enum' ? variable.values.map((value) => `\`${value}\``).join(', ') : variable.type;
  return `| \`${name}\`${aliases} | ${kind} | ${defaultOf(variable)} | ${variable.meaning.replaceAll('|', '\\|')} |`;
}

function render(): string {
  const sections = programs.map(({ title, about, variables }) =>
    [`## ${title}`, '', about, '', '| variable | value | default | meaning |', '| --- | --- | --- | --- |', ...Object.entries(variables).map(row), ''].join('\n'),
  );
  const head = [
    '# Environment variables',
    '',
    'Each program reads these and no others, and refuses to start when one that it needs is missing or malformed. This page is made from',
    'the definitions by `UPDATE_DOCS=1 npx vitest run test/environment-reference.test.ts`.',
    '',
  ];
  return `${[...head, ...sections].join('\n').trimEnd()}\n`;
}

it('is written down as the programs define it', () => {
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(page, render());
  expect(existsSync(page) && readFileSync(page, 'utf8')).toBe(render());
});
