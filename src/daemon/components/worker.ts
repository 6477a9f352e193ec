import { workerEnvironment } from '../../workflows/worker/env.js';
import type { Component } from '../component.js';
import type { Program } from '../program-files.js';
import type { ServerView } from '../server-view.js';
import { type LeaseSight, holdsLease } from './lease-probe.js';
import { nodeProgram } from './node-program.js';
import type { Workbench } from './workbench.js';

export interface WorkerComponentOptions {
  readonly program: Program;
  readonly env: Readonly<Record<string, string>>;
  readonly view: ServerView;
}

/** The workflow worker. Ready when it holds a lease. */
export function workerComponent(bench: Workbench, { program, env, view }: WorkerComponentOptions): Component {
  const sight: LeaseSight = { seen: undefined };
  return nodeProgram(bench, {
    name: 'worker',
    group: 'worker',
    rank: 2,
    program,
    environment: workerEnvironment,
    env,
    facts: () => ({
      detail: `called back to STIGMER_BACKEND_ENDPOINT=${env['STIGMER_BACKEND_ENDPOINT'] ?? ''}`,
      ...(sight.seen?.version ? { version: sight.seen.version } : {}),
    }),
    probe: (signal, pid) => holdsLease(view, 'worker', { pid }, sight, signal),
  });
}
