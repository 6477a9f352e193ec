import type { ComponentStatus, StartProgress } from './control.js';

const MARKS: Partial<Record<ComponentStatus['state'], string>> = { ready: '✓', failed: '✗', unhealthy: '⚠', 'backing-off': '⚠' };

/** Shows what a supervisor does as lines of plain text, one for each thing that a person wants to know. */
export class ProgressLines {
  readonly #print: (line: string) => void;
  readonly #shown = new Map<string, string>();
  #elapsedMs = 0;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  show(progress: StartProgress): void {
    if (progress.type === 'message') {
      this.#print(`  ${progress.text}`);
      return;
    }
    const { component, elapsedMs } = progress;
    this.#elapsedMs = elapsedMs;
    const mark = MARKS[component.state];
    const line = mark === undefined ? undefined : `${mark} ${component.name.padEnd(16)} ${describe(component)}`;
    if (line === undefined || this.#shown.get(component.name) === line) return;
    this.#shown.set(component.name, line);
    this.#print(line);
  }

  /** Time from the start to the latest change: "3.1 s". */
  elapsed(): string {
    return `${(this.#elapsedMs / 1_000).toFixed(1)} s`;
  }
}

function describe({ state, address, detail, pid }: ComponentStatus): string {
  const parts = [address, pid === undefined ? undefined : `pid ${pid}`, detail];
  const text = parts.filter((part) => part !== undefined).join('   ');
  return state === 'ready' ? text : `${state}: ${detail ?? ''}`;
}
