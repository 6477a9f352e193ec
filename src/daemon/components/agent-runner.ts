import { environment } from '../../runner/env.js';
import type { Component } from '../component.js';
import type { Program } from '../program-files.js';
import type { ServerView } from '../server-view.js';
import { type LeaseSight, holdsLease } from './lease-probe.js';
import { nodeProgram } from './node-program.js';
import type { Workbench } from './workbench.js';

export interface AgentRunnerComponentOptions {
  /** Its name at the server: `agent-runner-1`. */
  readonly name: string;
  readonly program: Program;
  readonly env: Readonly<Record<string, string>>;
  readonly view: ServerView;
  /** Why a process, and which model provider it was given, for status. */
  readonly description: string;
}

/** What all agent-runners are called together. */
export const AGENT_RUNNER = 'agent-runner';

/** An agent-runner, as a process of this machine. Ready when it holds a lease. */
export function agentRunnerComponent(bench: Workbench, options: AgentRunnerComponentOptions): Component {
  const { name, program, env, view, description } = options;
  const sight: LeaseSight = { seen: undefined };
  return nodeProgram(bench, {
    name,
    group: AGENT_RUNNER,
    rank: 3,
    program,
    environment,
    env,
    facts: () => ({
      detail: `${description}; called back to STIGMER_BACKEND_ENDPOINT=${env['STIGMER_BACKEND_ENDPOINT'] ?? ''}`,
      ...(sight.seen?.version ? { version: sight.seen.version } : {}),
    }),
    probe: (signal, pid) => holdsLease(view, name, { pid }, sight, signal),
  });
}
