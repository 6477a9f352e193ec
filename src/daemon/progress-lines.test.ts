import { expect, it } from 'vitest';
import type { ComponentStatus } from './control.js';
import { ProgressLines } from './progress-lines.js';

it('shows each thing that a person wants to know once', () => {
  const lines: string[] = [];
  const shown = new ProgressLines((line) => lines.push(line));
  const component = (state: ComponentStatus['state'], detail: string, elapsedMs: number): void =>
    shown.show({ type: 'component', component: { name: 'server', state, since: '', restarts: 0, detail, address: '127.0.0.1:7234', pid: 7 }, elapsedMs });
  component('starting', 'no answer', 10);
  component('ready', 'http 127.0.0.1:7235', 900);
  component('ready', 'http 127.0.0.1:7235', 1_000);
  component('backing-off', 'it exited with code 3', 2_000);
  shown.show({ type: 'message', text: 'no model provider answers' });
  expect(lines).toEqual([
    '✓ server           127.0.0.1:7234   pid 7   http 127.0.0.1:7235',
    '⚠ server           backing-off: it exited with code 3',
    '  no model provider answers',
  ]);
  expect(shown.elapsed()).toBe('2.0 s');
});
