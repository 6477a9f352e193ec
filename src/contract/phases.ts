import { ExecutionPhase } from './gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';

/** The phases of an execution. Agent and workflow executions number them alike, so the numbers stand for both. */
export const Phase = {
  UNSPECIFIED: ExecutionPhase.EXECUTION_PHASE_UNSPECIFIED,
  PENDING: ExecutionPhase.EXECUTION_PENDING,
  IN_PROGRESS: ExecutionPhase.EXECUTION_IN_PROGRESS,
  COMPLETED: ExecutionPhase.EXECUTION_COMPLETED,
  FAILED: ExecutionPhase.EXECUTION_FAILED,
  CANCELLED: ExecutionPhase.EXECUTION_CANCELLED,
} as const;
export type Phase = ExecutionPhase;

const NAMES: ReadonlyMap<number, string> = new Map([
  [Phase.PENDING, 'pending'],
  [Phase.IN_PROGRESS, 'in progress'],
  [Phase.COMPLETED, 'completed'],
  [Phase.FAILED, 'failed'],
  [Phase.CANCELLED, 'cancelled'],
]);

const TERMINAL: ReadonlySet<number> = new Set([Phase.COMPLETED, Phase.FAILED, Phase.CANCELLED]);

/** Whether nothing may follow: completed, failed or cancelled. */
export function isTerminal(phase: number): boolean {
  return TERMINAL.has(phase);
}

/** Whether the number is one of the five phases. */
export function isPhase(phase: number): phase is Phase {
  return NAMES.has(phase);
}

/** Name for a person: `in progress`. */
export function phaseName(phase: number): string {
  return NAMES.get(phase) ?? `unknown (${phase})`;
}

/** The phase that a person names, in any case and with space, hyphen or underscore: `in-progress`. */
export function phaseByName(name: string): Phase | undefined {
  const wanted = name.toLowerCase().replaceAll(/[-_]/g, ' ');
  return Object.values(Phase).find((phase) => NAMES.get(phase) === wanted);
}
