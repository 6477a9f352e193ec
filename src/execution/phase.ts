import { ExecutionPhase } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';

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

const NAMES: Readonly<Record<number, string>> = {
  1: 'pending',
  2: 'in progress',
  3: 'completed',
  4: 'failed',
  5: 'cancelled',
};

/** Whether nothing may follow: completed, failed or cancelled. */
export function isTerminal(phase: number): boolean {
  return phase >= Phase.COMPLETED && phase <= Phase.CANCELLED;
}

/** Whether the number is one of the five phases. */
export function isPhase(phase: number): phase is Phase {
  return phase in NAMES;
}

/** Name for a person: `in progress`. */
export function phaseName(phase: number): string {
  return NAMES[phase] ?? `unknown (${phase})`;
}
