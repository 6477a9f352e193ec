import type { Clock } from '../../contract/clock.js';
import type { Managed } from '../component.js';
import type { Home } from '../home.js';
import { processMemory } from '../process-memory.js';
import { LogFile } from '../supervision/log-file.js';
import type { SupervisedTimings } from '../supervision/supervised-state.js';

/** What every component is made with. */
export interface Workbench {
  readonly home: Home;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** What a child takes over from the supervisor's own environment. */
  readonly inherited: Readonly<Record<string, string>>;
  readonly timings: Partial<SupervisedTimings>;
  /** Tells whoever watches what a person should know. */
  readonly notice: (text: string) => void;
}

/** The log of one component. */
export function componentLog({ home, clock, notice }: Workbench, component: string): LogFile {
  return new LogFile({
    directory: home.logs,
    component,
    clock,
    onError: (error) => notice(`the log of ${component} cannot be written: ${error.message}`),
  });
}

/** Memory of the process that is supervised. */
export async function memoryOf(managed: Managed): Promise<number | undefined> {
  const { pid } = managed.status();
  return pid === undefined ? undefined : processMemory(pid);
}
