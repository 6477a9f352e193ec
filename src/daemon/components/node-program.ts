import type { Environment, EnvironmentSchema } from '../../contract/environment.js';
import type { Component, ComponentFacts, PortUse } from '../component.js';
import { processRecordPath } from '../home.js';
import type { Program } from '../program-files.js';
import { startChild } from '../supervision/child.js';
import type { Probe } from '../supervision/probe.js';
import { endRecorded, writeProcessRecord } from '../supervision/process-record.js';
import { Supervised } from '../supervision/supervised.js';
import type { SupervisedTimings } from '../supervision/supervised-state.js';
import { explainAddresses } from '../wiring/explain-addresses.js';
import { componentLog, memoryOf, type Workbench } from './workbench.js';

/** Grace for a process that an earlier supervisor has left: its stdin has ended, so it is on its way out. */
const LEFTOVER_GRACE_MS = 3_000;

/** One of our own programs, as a process of this machine. */
export interface NodeProgramOptions {
  readonly name: string;
  readonly group: string;
  readonly rank: number;
  readonly program: Program;
  /** What the program reads. */
  readonly environment: Environment<EnvironmentSchema>;
  /** What it is given. */
  readonly env: Readonly<Record<string, string>>;
  /** Asks whether the process with this pid is ready. */
  readonly probe: (signal: AbortSignal, pid: number) => Promise<void>;
  readonly ports?: readonly PortUse[];
  readonly facts: () => ComponentFacts;
  readonly timings?: Partial<SupervisedTimings>;
  /** Called when a new process has been started. */
  readonly onLaunch?: () => void;
}

/** A component that is a Node program of ours. It ends when its stdin ends, so it dies with the supervisor. */
export function nodeProgram(bench: Workbench, options: NodeProgramOptions): Component {
  const { name, group, rank, program, env, facts } = options;
  const record = processRecordPath(bench.home, name);
  const log = componentLog(bench, name);
  let pid = 0;
  const clearLeftover = async (): Promise<void> => {
    const ended = await endRecorded(record, LEFTOVER_GRACE_MS, bench.clock);
    if (ended !== undefined) bench.notice(`ended ${name} (pid ${ended.pid}) that an earlier supervisor had left running`);
  };
  const probe: Probe = (signal) => options.probe(signal, pid);
  const managed = new Supervised({
    name,
    launch: async () => {
      await clearLeftover();
      options.onLaunch?.();
      const child = await startChild({
        file: program.file,
        args: program.args,
        env: { ...bench.inherited, ...env },
        stdin: 'pipe',
        sink: log,
        clock: bench.clock,
      });
      pid = child.pid;
      try {
        log.record('info', 'started', { pid });
        await writeProcessRecord(record, child.pid, name);
      } catch (error) {
        // A process that nobody keeps a note of must not stay.
        await child.stop(0);
        throw error;
      }
      return child;
    },
    probe,
    clock: bench.clock,
    random: bench.random,
    timings: { ...bench.timings, ...options.timings },
  });
  return {
    name,
    group,
    rank,
    managed,
    ports: options.ports ?? [],
    facts,
    memory: () => memoryOf(managed),
    prepare: () => Promise.resolve(),
    clearLeftover,
    explain: () => explainAddresses(name, options.environment, env),
    close: async () => log.close(),
  };
}
