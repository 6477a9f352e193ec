import type { ComponentStatus } from '../../daemon/control.js';
import { green, type Output, type Piece, red, yellow } from '../terminal/output.js';
import { cleanLine } from '../terminal/text-cleaner.js';
import { writeParagraph } from '../terminal/text-flow.js';

const NAME_WIDTH = 16;

const STATES: Readonly<Record<ComponentStatus['state'], Piece>> = {
  ready: green('✓ ready'),
  starting: yellow('↻ starting'),
  stopping: yellow('↻ stopping'),
  'backing-off': yellow('↻ waiting to restart'),
  unhealthy: red('✗ unhealthy'),
  failed: red('✗ failed'),
  stopped: '○ stopped',
};

/** A component's state with its sign. */
export function stateCell(state: ComponentStatus['state']): Piece {
  return STATES[state];
}

/** `✓ agent-runner      container stigmer-agent-runner-1 → …` */
export function writeReady(out: Output, { name, address, container, detail }: ComponentStatus): void {
  const facts = [address, container === undefined ? undefined : `container ${container}`, detail].filter((fact) => fact !== undefined && fact !== '');
  if (facts.length === 0) out.line(green('✓'), ` ${cleanLine(name)}`);
  else writeParagraph(out, `✓ ${cleanLine(name).padEnd(NAME_WIDTH)}  `, facts.map((fact) => cleanLine(fact ?? '')).join('   '), { prefixStyle: 'green' });
}

/** What a component that is not ready is at, on one line. */
export function progressText({ name, state, detail, lastError }: ComponentStatus): string {
  const reason = detail ?? lastError;
  return `${cleanLine(name)} ${state.replace('-', ' ')}${reason === undefined || reason === '' ? '' : `: ${cleanLine(reason)}`}`;
}
